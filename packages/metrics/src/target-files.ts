import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MetricsError } from "./errors.ts";
import type { TargetGroup, Targets } from "./targets.ts";

const FILES = ["kubelets", "platform", "applications"] as const;

/** The files that Prometheus follows: each is replaced in one step, and only when it says something else. */
export class TargetFiles {
  readonly #directory: string;
  readonly #written = new Map<string, string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws MetricsError TargetsNotWritten */
  async write(targets: Targets): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true });
      for (const name of FILES) await this.#replace(name, targets[name]);
    } catch (cause) {
      const state = (cause as Error).message;
      throw new MetricsError("TargetsNotWritten", `Cannot write targets to "${this.#directory}": ${state}`, {
        hint: "See that the directory may be written to and its disk has room",
        cause,
      });
    }
  }

  async #replace(name: string, groups: readonly TargetGroup[]): Promise<void> {
    const text = JSON.stringify(groups);
    if (this.#written.get(name) === text) return;
    const path = join(this.#directory, `${name}.json`);
    await writeFile(`${path}.next`, text, { mode: 0o644 });
    await rename(`${path}.next`, path);
    this.#written.set(name, text);
  }
}
