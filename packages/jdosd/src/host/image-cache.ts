import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FileLock, lockFile, readInstance, unmountBelow } from "@jdos/component-base";

/** Images made once for all data directories of the machine. Those that use it are written down in it. */
export class ImageCache {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  archive(key: string): string {
    return join(this.directory, `images-${key}.tar`);
  }

  /** What mmdebstrap said when it failed last. */
  get failureLog(): string {
    return join(this.directory, "mmdebstrap.log");
  }

  get #users(): string {
    return join(this.directory, "users");
  }

  /** One process at a time makes images or takes the cache away; they take a minute. */
  async lock(say: (message: string) => void = () => {}): Promise<FileLock> {
    for (let tries = 0; ; tries++) {
      await mkdir(this.directory, { recursive: true });
      const lock = lockFile(join(this.directory, "images.lock"));
      // The holder before may have taken the directory away.
      if (lock !== undefined && (await isThere(join(this.directory, "images.lock")))) return lock;
      lock?.release();
      if (tries === 0) say("waiting for another start that makes the images");
      await sleep(200);
    }
  }

  /** Writes down that a data directory uses the cache. To be called under the lock. */
  async join(dataDir: string): Promise<void> {
    await mkdir(this.#users, { recursive: true });
    await this.#forgetDeleted();
    await writeFile(this.#userFile(dataDir), `${dataDir}\n`);
  }

  /** A data directory that is deleted uses it no longer; the last one takes the cache with it. Idempotent. */
  async leave(dataDir: string): Promise<void> {
    if (!(await isThere(this.directory))) return;
    const lock = await this.lock();
    try {
      await rm(this.#userFile(dataDir), { force: true });
      if ((await this.#forgetDeleted()) > 0) return;
      // Of a start that was killed while it made images.
      await unmountBelow(this.directory);
      for (const name of await readdir(this.directory)) {
        if (OURS.test(name)) await rm(join(this.directory, name), { recursive: true, force: true });
      }
    } finally {
      lock.release();
    }
    await rmdir(this.directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT" && error.code !== "ENOTEMPTY") throw error;
    });
  }

  /** A data directory that was deleted by hand is no user. Answers how many are left. */
  async #forgetDeleted(): Promise<number> {
    let left = 0;
    for (const name of await readdir(this.#users).catch(() => [])) {
      const file = join(this.#users, name);
      const dataDir = (await readFile(file, "utf8")).trim();
      if ((await readInstance(dataDir)) === undefined) await rm(file, { force: true });
      else left++;
    }
    return left;
  }

  #userFile(dataDir: string): string {
    return join(this.#users, createHash("sha256").update(dataDir).digest("hex").slice(0, 16));
  }
}

/** What this project puts there: only this is deleted, for the directory may have been named by the user. */
const OURS = /^(images-\w+\.tar(\.new)?|images\.lock(-journal)?|making-.*|mmdebstrap\.log|users)$/;

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
