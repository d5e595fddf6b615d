import type { CommandSpec } from "../command.ts";
import { FORCE, WAIT } from "./common-options.ts";
import { member } from "./member.ts";

const releases = () => import("../commands/releases.ts");
const verify = () => import("../commands/verify.ts");

/** Releases of an application, and what they are made of. */
export const RELEASES: readonly CommandSpec[] = [
  {
    name: "releases",
    description: "the releases of an application, the newest first",
    scope: "application",
    load: member(releases, "list"),
  },
  {
    name: "verify",
    description: "who built what from what, and whether signature, provenance and list of packages fit",
    scope: "application",
    options: [{ flags: "--release <n>", description: "default: the current one", type: "integer" }],
    examples: [
      "jdos verify --system demo --app hello",
      "jdos verify --system demo --app hello --release 3 -o json",
    ],
    load: member(verify, "verify"),
  },
  {
    name: "registry key",
    description: "print the public key that the signatures of images are checked with",
    load: member(verify, "key"),
  },
  {
    name: "releases diff",
    description: "what two releases differ in: image, variables, resources, routes",
    scope: "application",
    arguments: [
      { name: "from", description: "a number; alone: compared with the one before it", optional: true },
      { name: "to", description: "a number (default: the current one)", optional: true },
    ],
    load: member(releases, "diff"),
  },
  {
    name: "promote",
    description: "give another application the image of a release, without a build",
    scope: "application",
    options: [
      { flags: "--to <app>", description: "the other application; made when it is not there" },
      { flags: "--to-system <name>", description: "its system (default: the same)" },
      { flags: "--release <version>", description: "which release (default: the one that serves)" },
      FORCE,
      WAIT,
    ],
    examples: ["jdos promote --system test --app shop --to shop --to-system production"],
    load: () => import("../commands/promote.ts"),
  },
  {
    name: "rollback",
    description: "return to an earlier release: a new release with its image and configuration",
    scope: "application",
    arguments: [
      { name: "version", description: "its number (default: the one before the current)", optional: true },
    ],
    options: [FORCE, WAIT],
    load: member(releases, "rollback"),
  },
];
