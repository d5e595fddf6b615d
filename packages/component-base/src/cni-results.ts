import { readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Where the CNI library in containerd notes the result of each ADD until the DEL; the place cannot be chosen. */
const RESULTS_DIRECTORY = "/var/lib/cni/results";

/** Removes the notes of sandboxes that went all at once, without a DEL each. Idempotent. */
export async function removeCniResults(network: string, directory = RESULTS_DIRECTORY): Promise<void> {
  const own = new RegExp(`^${network}-([0-9a-f]+)-\\w+$`);
  for (const file of await list(directory)) {
    const sandbox = own.exec(file)?.[1];
    if (sandbox === undefined) continue;
    // The network's note names the sandbox, so it goes last: a run that is cut short finds the rest again.
    await rm(join(directory, `cni-loopback-${sandbox}-lo`), { force: true });
    await rm(join(directory, file), { force: true });
  }
  await removeIfEmpty(directory);
  await removeIfEmpty(dirname(directory));
}

async function list(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return [];
  });
}

async function removeIfEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (!["ENOENT", "ENOTEMPTY"].includes(error.code ?? "")) throw error;
  });
}
