import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "./git.ts";
import type { RepositoryName } from "./repository-name.ts";

/** In a repository's folder: the uid of the Application it belongs to. */
const OWNER_FILE = "jdos-application";

/** The bare repositories below one directory: <system>/<application>.git. */
export class Repositories {
  readonly root: string;
  readonly #git: Git;
  readonly #scratch: string;
  /** Who makes or removes a repository waits for who does so with the same. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(dataDirectory: string, git: Git) {
    this.root = join(dataDirectory, "repositories");
    this.#scratch = join(dataDirectory, "scratch");
    this.#git = git;
  }

  /** Makes the directories and removes what a killed process left half done. */
  async prepare(): Promise<void> {
    await rm(this.#scratch, { recursive: true, force: true });
    await mkdir(this.#scratch, { recursive: true, mode: 0o700 });
    await mkdir(this.root, { recursive: true, mode: 0o700 });
  }

  pathOf({ system, app }: RepositoryName): string {
    return join(this.root, system, `${app}.git`);
  }

  async exists(name: RepositoryName): Promise<boolean> {
    try {
      await stat(this.pathOf(name));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }

  /** The uid of the Application that a repository belongs to; "" while nothing was kept in it. */
  async owner(name: RepositoryName): Promise<string | undefined> {
    try {
      return (await readFile(join(this.pathOf(name), OWNER_FILE), "utf8")).trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return (await this.exists(name)) ? "" : undefined;
    }
  }

  /**
   * Sees to it that there is a repository for this Application. One that belongs to another Application of the same
   * name, which is gone, is removed: its content is not the new one's to see.
   */
  ensure(name: RepositoryName, uid: string | undefined): Promise<void> {
    return this.#inTurn(name, async () => {
      const owner = await this.owner(name);
      if (owner !== undefined && owner !== "" && owner !== uid) await this.#remove(name);
      else if (owner !== undefined) return;
      const made = await mkdtemp(join(this.#scratch, "new-"));
      await this.#git.run(made, ["init", "--quiet", "--bare", "--template="]);
      await mkdir(join(this.root, name.system), { recursive: true, mode: 0o700 });
      await rename(made, this.pathOf(name));
    });
  }

  /** Before anything is kept in it. */
  bind(name: RepositoryName, uid: string): Promise<void> {
    return this.#inTurn(name, async () => {
      if ((await this.owner(name)) === uid) return;
      const file = join(this.pathOf(name), OWNER_FILE);
      await writeFile(`${file}.new`, `${uid}\n`, { flush: true });
      await rename(`${file}.new`, file);
    });
  }

  /** Removes it if it belongs to this Application still. */
  removeOf(name: RepositoryName, uid: string): Promise<void> {
    return this.#inTurn(name, async () => {
      if ((await this.owner(name)) === uid) await this.#remove(name);
    });
  }

  async list(): Promise<RepositoryName[]> {
    const names: RepositoryName[] = [];
    for (const system of await readdir(this.root))
      for (const file of await readdir(join(this.root, system)))
        names.push({ system, app: file.replace(/\.git$/, "") });
    return names;
  }

  /** Away at once, deleted after. */
  async #remove(name: RepositoryName): Promise<void> {
    const away = await mkdtemp(join(this.#scratch, "old-"));
    await rename(this.pathOf(name), join(away, "repository")).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    await rm(away, { recursive: true, force: true });
  }

  async #inTurn<T>({ system, app }: RepositoryName, work: () => Promise<T>): Promise<T> {
    const key = `${system}/${app}`;
    const before = this.#turns.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#turns.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(key) === mine) this.#turns.delete(key);
    }
  }
}
