import { start } from "@jdos/registry-storage";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";

export function registryStoragePart(
  { paths, options, log, metrics }: Context,
  clientFor: ClientFactory,
): Part {
  return {
    name: "registry-storage",
    start: async () =>
      start({
        client: await clientFor(IDENTITIES.registryStorage),
        log: log.child({ component: "registry-storage" }),
        directory: paths.registry,
        limit: options.registryLimit,
        metrics,
      }),
  };
}
