import type { RegistryStorageState } from "@jdos/api";
import { start } from "@jdos/registry-storage";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";

export function registryStoragePart(
  { paths, options, log, metrics }: Context,
  clientFor: ClientFactory,
): Part & { usage(): RegistryStorageState | undefined } {
  let running: Awaited<ReturnType<typeof start>> | undefined;
  return {
    name: "registry-storage",
    usage: () => running?.state,
    start: async () => {
      running = await start({
        client: await clientFor(IDENTITIES.registryStorage),
        log: log.child({ component: "registry-storage" }),
        directory: paths.registry,
        limit: options.registryLimit,
        metrics,
      });
      return running;
    },
  };
}
