import type { Build, Volume, VolumeMount } from "@jdos/api";
import type { Stored } from "@jdos/client";

/** Source: image-builder, option --git-credential. */
const MOUNT_PATH = "/etc/jdos/git";
const KEYS = ["username", "password", "ssh-privatekey", "known_hosts"];

/**
 * What a private repository is read with, for the coordinator alone. A Secret that does not exist, or lacks what it
 * should have, is the builder's to report.
 */
export function gitCredential({ spec }: Stored<Build>): { volumes: Volume[]; mounts: VolumeMount[] } {
  const secretName = spec.source.git?.secret;
  if (secretName === undefined) return { volumes: [], mounts: [] };
  const items = KEYS.map((key) => ({ key, path: key }));
  return {
    volumes: [{ name: "git", secret: { secretName, items, defaultMode: 0o400, optional: true } }],
    mounts: [{ name: "git", mountPath: MOUNT_PATH, readOnly: true }],
  };
}
