import type { CommandSpec } from "./command.ts";
import { APPLICATIONS } from "./command-list/applications.ts";
import { BUILDS } from "./command-list/builds.ts";
import { CLUSTER } from "./command-list/cluster.ts";
import { IMAGES } from "./command-list/images.ts";
import { MACHINE } from "./command-list/machine.ts";
import { OBSERVE } from "./command-list/observe.ts";
import { RELEASES } from "./command-list/releases.ts";
import { ROLLOUTS } from "./command-list/rollouts.ts";
import { SYSTEMS } from "./command-list/systems.ts";
import { TRIGGERS } from "./command-list/triggers.ts";

/** Every command, in the order of --help. */
export const COMMANDS: readonly CommandSpec[] = [
  ...MACHINE,
  ...CLUSTER,
  ...SYSTEMS,
  ...APPLICATIONS,
  ...BUILDS,
  ...RELEASES,
  ...IMAGES,
  ...TRIGGERS,
  ...ROLLOUTS,
  ...OBSERVE,
];

/** What the groups of commands are about. */
export const GROUPS: Readonly<Record<string, string>> = {
  secrets: "values that applications take variables from",
  "system freeze": "times in which no release becomes current",
  "system notices": "who is told of builds and releases",
  system: "systems: places for applications",
  app: "applications",
  env: "variables of an application",
  build: "builds of an application",
  canary: "a release that is being tried beside the one that serves",
  hooks: "webhooks: a forge's pushes build an application",
  preview: "previews of pull requests",
  registry: "where images are",
  images: "what the registry keeps of applications",
};
