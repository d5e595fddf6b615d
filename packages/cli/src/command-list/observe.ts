import type { CommandSpec } from "../command.ts";

/** What happened, and why. */
export const OBSERVE: readonly CommandSpec[] = [
  {
    name: "events",
    description: "what happened to an application lately",
    scope: "application",
    load: () => import("../commands/events.ts"),
  },
  {
    name: "why",
    description: "why an application is as it is, in one sentence, and the next step",
    scope: "application",
    load: () => import("../commands/why.ts"),
  },
  {
    name: "open",
    description: "print an application's URL, and open it where there is a browser",
    scope: "application",
    load: () => import("../commands/open.ts"),
  },
];
