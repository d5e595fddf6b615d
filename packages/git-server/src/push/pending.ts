import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@jdos/component-base";
import type { Git } from "../repositories/git.ts";
import type { Repositories } from "../repositories/repositories.ts";
import { type RepositoryName, repositoryName } from "../repositories/repository-name.ts";
import { isNone, type RefUpdate } from "./update.ts";

interface Pending {
  name: RepositoryName;
  updates: readonly RefUpdate[];
}

export interface PendingOptions {
  directory: string;
  repositories: Repositories;
  git: Git;
  log: Logger;
}

/**
 * Pushes whose refs may be written and whose deploy nobody has accepted yet, on disk. git does not send a commit again
 * that the server has: such a push is taken back, so that the same push can be sent once more.
 */
export class PendingPushes {
  readonly #options: PendingOptions;

  constructor(options: PendingOptions) {
    this.#options = options;
  }

  /** Before refs are written: on disk when this settles. */
  async add(id: string, pending: Pending): Promise<void> {
    const file = this.#fileOf(id);
    const handle = await open(`${file}.new`, "w", 0o600);
    try {
      await handle.writeFile(JSON.stringify(pending));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.new`, file);
  }

  /** The deploy is accepted, or there is none to ask for. Idempotent. */
  async settle(id: string): Promise<void> {
    await rm(this.#fileOf(id), { force: true });
  }

  /** Sets the refs back to what they were, those that nobody has moved since. */
  async takeBack(id: string, { name, updates }: Pending): Promise<void> {
    const repository = this.#options.repositories.pathOf(name);
    for (const update of updates) await this.#setBack(repository, update);
    await this.settle(id);
  }

  /** What a process that was killed left behind. */
  async recover(): Promise<void> {
    const { directory, log } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const file of await readdir(directory)) {
      if (!file.endsWith(".json")) {
        await rm(join(directory, file), { force: true });
        continue;
      }
      const pending = read(await readFile(join(directory, file), "utf8"));
      if (pending !== undefined) {
        await this.takeBack(file.slice(0, -".json".length), pending);
        log.warn({ ...pending.name }, "Took back a push that was not deployed");
      } else await rm(join(directory, file), { force: true });
    }
  }

  async #setBack(repository: string, { ref, before, after }: RefUpdate): Promise<void> {
    const { git, log } = this.#options;
    const none = "0".repeat(after.length);
    const command = isNone(before)
      ? ["update-ref", "-d", ref, after]
      : ["update-ref", ref, before, isNone(after) ? none : after];
    await git.run(repository, command).catch((error: unknown) => {
      // Moved on since, or never written: there is nothing to take back.
      log.info({ err: error, ref }, "Left a branch as it is");
    });
  }

  #fileOf(id: string): string {
    return join(this.#options.directory, `${id}.json`);
  }
}

function read(text: string): Pending | undefined {
  try {
    const { name, updates } = JSON.parse(text) as Pending;
    return { name: repositoryName(name.system, name.app), updates };
  } catch {
    return undefined;
  }
}
