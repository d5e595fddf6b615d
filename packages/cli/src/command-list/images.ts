import type { CommandSpec } from "../command.ts";
import { member } from "./member.ts";

const images = () => import("../commands/images.ts");

/** What the registry keeps of applications. */
export const IMAGES: readonly CommandSpec[] = [
  {
    name: "images",
    description: "the images that the registry keeps, what needs each, and when the others go",
    scope: "system",
    options: [{ flags: "--app <name>", description: "of this application (default: all of the system)" }],
    examples: ["jdos images --system demo", "jdos images --system demo --app hello -o json"],
    load: member(images, "list"),
  },
  {
    name: "images delete",
    description: "delete an image that nothing needs before its time",
    scope: "application",
    arguments: [{ name: "digest", description: "or its first digits, as jdos images shows them" }],
    load: member(images, "remove"),
  },
];
