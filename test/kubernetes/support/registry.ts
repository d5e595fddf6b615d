import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterLayout } from "./layout.ts";
import { Program } from "./program.ts";

/** "HOST:PORT" of the cluster's registry: what its images' names begin with. */
export function registryHost({ host, ports }: ClusterLayout): string {
  return `${host}:${ports.registry}`;
}

/** A registry without login that speaks plain HTTP; containerd is told so. */
export async function registryProgram(layout: ClusterLayout): Promise<Program> {
  const address = registryHost(layout);
  const configuration = join(layout.directory, "registry.json");
  await mkdir(join(layout.registries, address), { recursive: true });
  await writeFile(
    join(layout.registries, address, "hosts.toml"),
    `server = "http://${address}"\n[host."http://${address}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
  await writeFile(
    configuration,
    JSON.stringify({
      version: 0.1,
      log: { level: "warn" },
      storage: {
        filesystem: { rootdirectory: join(layout.directory, "registry") },
        delete: { enabled: true },
      },
      http: { addr: address },
    }),
  );
  return new Program({
    name: "registry",
    layout,
    argv: ["docker-registry", "serve", configuration],
    ready: async () => (await fetch(`http://${address}/v2/`)).ok,
  });
}
