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
    name: "top",
    description: "what applications use now: CPU, memory, requests, errors; with --app each Pod",
    options: [
      { flags: "-s, --system <name>", description: "of this system (default: all)" },
      { flags: "-a, --app <name>", description: "one application and its Pods" },
    ],
    examples: ["jdos top", "jdos top --system demo", "jdos top --system demo --app hello -o json"],
    load: () => import("../commands/top.ts"),
  },
  {
    name: "metrics",
    description: "what an application used and answered over a time",
    scope: "application",
    options: [
      { flags: "--since <duration>", description: "how far back, as 30m, 1h or 2d (default: 1h)" },
      {
        flags: "--step <duration>",
        description: "between points, at least 15s (default: a sixtieth of the time)",
      },
    ],
    examples: ["jdos metrics --system demo --app hello --since 1d --step 10m"],
    load: () => import("../commands/metrics.ts"),
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
