import type { Build, System, Volume, VolumeMount } from "@jdos/api";
import type { Stored } from "@jdos/client";

/** A folder each, with the file `value`. Source: image-builder, option --secrets. */
const SECRETS = "/etc/jdos/secrets";
/** Source: image-builder, option --cache. */
const CACHE = "/cache";

/**
 * What the steps have beside their source: the secrets that the build names, and what the builds of the system
 * keep for each other. A Secret that does not exist is the builder's to report.
 */
export function stepVolumes(
  { spec }: Stored<Build>,
  cachePath: string | undefined,
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
    cachePath === undefined
      ? []
      : [
          {
            volume: { name: "cache", hostPath: { path: cachePath, type: "DirectoryOrCreate" } },
            mount: { name: "cache", mountPath: CACHE },
          },
        ];
  const all = [...secrets, ...cache];
  return { volumes: all.map(({ volume }) => volume), mounts: all.map(({ mount }) => mount) };
}

/** Where the builds of a system, and of no other that had or will have its name, keep their layers. */
export function cachePathOf(cacheHostPath: string, { metadata }: Stored<System>): string {
  return `${cacheHostPath}/${metadata.name}.${metadata.uid}`;
}
