import { start } from "@jdos/platform-controllers";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";

export function platformControllersPart(
  { names, options, log, metrics }: Context,
  clientFor: ClientFactory,
): Part {
  return {
    name: "platform-controllers",
    start: async () =>
      start({
        client: await clientFor(IDENTITIES.platformControllers),
        log: log.child({ component: "platform-controllers" }),
        routes: { port: names.ports.routes },
        build: { repositoryHostPath: options.repository, concurrency: options.buildConcurrency },
        metrics,
      }),
  };
}
