import { start } from "@jdos/scheduler";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";

export function schedulerPart({ log, metrics }: Context, clientFor: ClientFactory): Part {
  return {
    name: "scheduler",
    start: async () =>
      start({
        client: await clientFor(IDENTITIES.scheduler),
        log: log.child({ component: "scheduler" }),
        metrics,
      }),
  };
}
