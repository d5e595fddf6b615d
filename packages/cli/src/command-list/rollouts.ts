import type { CommandSpec } from "../command.ts";
import { member } from "./member.ts";

const canary = () => import("../commands/canary.ts");

/** A release that is being tried. */
export const ROLLOUTS: readonly CommandSpec[] = [
  {
    name: "canary status",
    description: "how a release is being tried: its share of the requests, its errors",
    scope: "application",
    load: member(canary, "status"),
  },
  {
    name: "canary promote",
    description: "go on with a release that waits, or without waiting any longer",
    scope: "application",
    options: [{ flags: "--all", description: "past all steps" }],
    load: member(canary, "promote"),
  },
  {
    name: "canary abort",
    description: "leave the release that is being rolled out: a new release returns to the one that serves",
    scope: "application",
    load: member(canary, "abort"),
  },
];
