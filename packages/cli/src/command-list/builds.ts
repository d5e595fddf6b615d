import type { CommandSpec } from "../command.ts";
import { FOLLOW, WAIT } from "./common-options.ts";
import { member } from "./member.ts";

const builds = () => import("../commands/builds.ts");

/** Builds of an application. */
export const BUILDS: readonly CommandSpec[] = [
  {
    name: "builds",
    description: "the builds of an application",
    scope: "application",
    load: member(builds, "list"),
  },
  {
    name: "build logs",
    description: "what a build wrote",
    scope: "application",
    arguments: [{ name: "number", description: "default: the latest", optional: true }],
    options: [FOLLOW],
    load: member(builds, "logs"),
  },
  {
    name: "build log",
    description: "the same as build logs",
    scope: "application",
    arguments: [{ name: "number", description: "default: the latest", optional: true }],
    options: [FOLLOW],
    load: member(builds, "logs"),
  },
  {
    name: "build cancel",
    description: "stop a build, queued or running",
    scope: "application",
    arguments: [{ name: "number", description: "of the build: 3, b3" }],
    load: member(builds, "cancel"),
  },
  {
    name: "build retry",
    description: "a new build of the same source and settings, to its end",
    scope: "application",
    arguments: [{ name: "number", description: "of the build: 3, b3" }],
    options: [WAIT],
    load: member(builds, "retry"),
  },
];
