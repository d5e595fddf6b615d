import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { start } from "@jdos/platform-controllers";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";

export function platformControllersPart(
  { names, options, log, metrics }: Context,
  clientFor: ClientFactory,
): Part {
  return {
    name: "platform-controllers",
    start: async () => {
      const cacheHostPath = join(options.dataDir, "build-cache");
      await mkdir(cacheHostPath, { recursive: true, mode: 0o700 });
      return start({
        client: await clientFor(IDENTITIES.platformControllers),
        log: log.child({ component: "platform-controllers" }),
        routes: { port: names.ports.routes },
        build: {
          repositoryHostPath: options.repository,
          cacheHostPath,
          concurrency: options.buildConcurrency,
        },
        metrics,
      });
    },
  };
}
