import type { Build, Volume, VolumeMount } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { BuildSettings } from "../options.ts";

/** A folder each, with the file `value`. Source: image-builder, option --secrets. */
const SECRETS = "/etc/jdos/secrets";
/** Source: image-builder, option --cache. */
const CACHE = "/cache";

/**
 * What the steps have beside their source: the secrets that the build names, and what the builds of the system
 * keep for each other. A Secret that does not exist is the builder's to report.
 */
export function stepVolumes(
  { metadata, spec }: Stored<Build>,
  { cacheHostPath }: Pick<BuildSettings, "cacheHostPath">,
): { volumes: Volume[]; mounts: VolumeMount[] } {
  const secrets = (spec.build?.secrets ?? []).map(({ name, secret }, at) => ({
    volume: {
      name: `secret-${at}`,
      secret: {
        secretName: secret.name,
        items: [{ key: secret.key, path: "value" }],
        defaultMode: 0o400,
        optional: true,
      },
    },
    mount: { name: `secret-${at}`, mountPath: `${SECRETS}/${name}`, readOnly: true },
  }));
  const cache =
    cacheHostPath === undefined
      ? []
      : [
          {
            volume: {
              name: "cache",
              hostPath: {
                path: cachePath(cacheHostPath, metadata.namespace ?? ""),
                type: "DirectoryOrCreate",
              },
            },
            mount: { name: "cache", mountPath: CACHE },
          },
        ];
  const all = [...secrets, ...cache];
  return { volumes: all.map(({ volume }) => volume), mounts: all.map(({ mount }) => mount) };
}

/** Where the builds of a system, and of no other, keep their layers. */
export function cachePath(cacheHostPath: string, system: string): string {
  return `${cacheHostPath}/${system}`;
}
