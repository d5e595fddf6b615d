import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";

/** What a data directory holds: only this is deleted, for the directory itself is the user's. */
const CONTENTS = [
  "apiserver",
  "build-cache",
  "containerd",
  "kubelet",
  "cni",
  "registry-hosts",
  "registry",
  "git",
  "metrics",
  "haproxy",
  "log-store",
  "credentials",
  "pki",
  "logs",
  "kubeconfig",
  "jdosd.json",
  "instance.json",
  "jdosd.lock",
  "jdosd.lock-journal",
];

/**
 * Deletes what the platform put into a data directory, but for what is kept, and the directory when nothing else is in
 * it. Idempotent.
 */
export async function deleteData(dataDir: string, keep: readonly string[] = []): Promise<void> {
  for (const name of CONTENTS)
    if (!keep.includes(name)) await rm(join(dataDir, name), { recursive: true, force: true });
  await rmdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTEMPTY") throw error;
  });
}
