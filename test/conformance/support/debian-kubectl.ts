import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@jdos/component-base";

/**
 * Path of Debian's kubectl (1.20), unpacked into the user's cache and not installed: it must not stand in the way of
 * another. Files that ask for it side by side do not disturb each other.
 */
export async function debianKubectl(say: (message: string) => void = () => {}): Promise<string> {
  const cache = join(process.env.JDOS_USER_CACHE ?? tmpdir(), "test");
  const target = join(cache, "kubernetes-client");
  const path = join(target, "usr/bin/kubectl");
  if (existsSync(path)) return path;
  say("apt-get download kubernetes-client");
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "unpack-"));
  try {
    await runCommand(["chown", "_apt", work], { okExitCodes: [0, 1] });
    await runCommand(["apt-get", "--quiet", "download", "kubernetes-client"], {
      cwd: work,
      timeoutSeconds: 300,
    });
    const [archive] = (await readdir(work)).filter((name) => name.endsWith(".deb"));
    await runCommand(["dpkg-deb", "--extract", join(work, archive!), join(work, "root")], {
      timeoutSeconds: 120,
    });
    await rename(join(work, "root"), target).catch((error: unknown) => {
      if (!existsSync(path)) throw error;
    });
    return path;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
