import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jdosIn } from "./platform.ts";

/**
 * A platform that the files of one lane of the tests share, one after another: the first that needs it starts it, and
 * each that finds it away starts it again.
 */
export class SharedPlatform {
  readonly #dataDir: string;

  private constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  static async create(): Promise<SharedPlatform> {
    return new SharedPlatform(await mkdtemp(join(tmpdir(), "jdos-e2e-")));
  }

  /** By which startPlatform() finds it. */
  get env(): Readonly<Record<string, string>> {
    return { JDOS_E2E_SHARED: this.#dataDir };
  }

  /** Removes all of it. The next file that needs one gets it new. */
  async purge(): Promise<void> {
    if (!existsSync(join(this.#dataDir, "instance.json"))) return;
    const { exitCode, stderr } = await jdosIn(this.#dataDir, ["down", "--purge"]);
    if (exitCode !== 0) throw new Error(`Cannot purge the platform of the tests: ${stderr}`);
  }

  async remove(): Promise<void> {
    try {
      await this.purge();
    } finally {
      await rm(this.#dataDir, { recursive: true, force: true });
    }
  }
}
