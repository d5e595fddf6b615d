import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Client, createHttpClient, loadKubeconfig } from "@jdos/client";
import { type InstanceNames, instanceNames } from "@jdos/component-base/instance";
import { program } from "./programs.ts";

export const ROOT = resolve(import.meta.dirname, "../..");
const MAIN = join(ROOT, "packages/cli/src/main.ts");

/** A platform started for a benchmark, in a directory of its own. */
export class BenchPlatform {
  readonly dataDir: string;

  constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  static async create(): Promise<BenchPlatform> {
    return new BenchPlatform(await mkdtemp(join(tmpdir(), "jdos-bench-")));
  }

  jdos(...args: string[]): Promise<string> {
    return program(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args], {
      JDOS_DATA_DIR: this.dataDir,
      NO_COLOR: "1",
    });
  }

  up(): Promise<string> {
    return this.jdos("up", "--detach", "--instance", "auto");
  }

  async names(): Promise<InstanceNames> {
    const { instance } = JSON.parse(await readFile(join(this.dataDir, "instance.json"), "utf8")) as {
      instance: number;
    };
    return instanceNames(instance);
  }

  async pid(): Promise<number> {
    return (JSON.parse(await this.jdos("status", "-o", "json")) as { pid: number }).pid;
  }

  async client(): Promise<Client> {
    return createHttpClient((await loadKubeconfig({ path: join(this.dataDir, "kubeconfig") })) as never);
  }

  async purge(): Promise<void> {
    await this.jdos("down", "--purge");
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
