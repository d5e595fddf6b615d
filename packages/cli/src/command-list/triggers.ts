import type { CommandSpec } from "../command.ts";
import { member } from "./member.ts";

const HOOK = { name: "name", description: "default: the application's name", optional: true } as const;
const hooks = () => import("../commands/hooks.ts");
const preview = () => import("../commands/preview.ts");

/** What builds without being asked: webhooks, and previews of pull requests. */
export const TRIGGERS: readonly CommandSpec[] = [
  {
    name: "hooks list",
    description: "the webhooks of an application",
    scope: "application",
    load: member(hooks, "list"),
  },
  {
    name: "hooks create",
    description: "let a forge build an application at each push; prints what to enter there",
    scope: "application",
    options: [
      { flags: "--forge <forge>", description: "github, gitlab, gitea (Forgejo too) or generic" },
      { flags: "--name <name>", description: "default: the application's name" },
      { flags: "--branches <patterns>", description: "branches that deploy, as main,release/*" },
      { flags: "--tags <patterns>", description: "tags that deploy, as v*" },
      { flags: "--previews", description: "run each pull request as an application of its own" },
      {
        flags: "--forks",
        description: "those out of other repositories too: their code runs with these settings",
      },
    ],
    examples: ["jdos hooks create --forge github --branches main --previews --system demo --app shop"],
    load: member(hooks, "create"),
  },
  {
    name: "hooks rotate",
    description: "make another secret; the one before is worth nothing at once",
    scope: "application",
    arguments: [HOOK],
    load: member(hooks, "rotate"),
  },
  {
    name: "hooks deliveries",
    description: "what a forge sent lately, and what came of it",
    scope: "application",
    arguments: [HOOK],
    load: member(hooks, "deliveries"),
  },
  {
    name: "hooks redeliver",
    description: "handle a delivery again",
    scope: "application",
    arguments: [{ name: "delivery", description: "its id: jdos hooks deliveries shows it" }],
    options: [{ flags: "--hook <name>", description: "default: the application's name" }],
    load: member(hooks, "redeliver"),
  },
  {
    name: "hooks delete",
    description: "delete a webhook",
    scope: "application",
    arguments: [HOOK],
    load: member(hooks, "remove"),
  },
  {
    name: "preview list",
    description: "the previews of pull requests",
    scope: "application",
    load: member(preview, "list"),
  },
  {
    name: "preview delete",
    description: "delete a preview before its time",
    scope: "application",
    arguments: [{ name: "number", description: "of the pull request" }],
    load: member(preview, "remove"),
  },
];
