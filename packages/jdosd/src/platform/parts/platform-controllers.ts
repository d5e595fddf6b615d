import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_REGISTRY } from "@jdos/component-base";
import { start } from "@jdos/platform-controllers";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import type { Part } from "../part.ts";
import { registryUrl } from "./platform-api.ts";

export function platformControllersPart(context: Context, clientFor: ClientFactory): Part {
  const { names, options, credentials, log, metrics } = context;
  return {
    name: "platform-controllers",
    start: async () => {
      const cacheHostPath = join(options.dataDir, "build-cache");
      await mkdir(cacheHostPath, { recursive: true, mode: 0o700 });
      return start({
        client: await clientFor(IDENTITIES.platformControllers),
        log: log.child({ component: "platform-controllers" }),
        registry: {
          ...DEFAULT_REGISTRY,
          mirrors: options.registryMirrors,
          ...(options.mirrorCredentialsFile === undefined
            ? {}
            : { mirrorCredentialsFile: options.mirrorCredentialsFile }),
        },
        routes: { port: names.ports.routes },
        build: {
          repositoryHostPath: options.repository,
          cacheHostPath,
          concurrency: options.buildConcurrency,
        },
        attestation: { keyPem: credentials.signingKey, registryUrl: registryUrl(context) },
        retention: {
          url: registryUrl(context),
          credential: { username: "retention", password: credentials.retentionPassword },
        },
        metrics,
      });
    },
  };
}
