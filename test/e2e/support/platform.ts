import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type InstanceNames, instanceNames } from "@jdos/component-base/instance";
import { type Answer, ask } from "./http.ts";
import { type Ended, type RunOptions, runProgram } from "./process.ts";

export const ROOT = resolve(import.meta.dirname, "../../..");
const MAIN = join(ROOT, "packages/cli/src/main.ts");

export const example = (name: string): string => join(ROOT, "examples", name);

/** The command `jdos` for one data directory. */
export async function jdosIn(
  dataDir: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const env = { ...process.env, ...options.env, JDOS_DATA_DIR: dataDir, NO_COLOR: "1" };
  return runProgram(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args], {
    ...options,
    env,
  });
}

/** A whole platform of its own, as a person would start it. */
export class TestPlatform {
  readonly dataDir: string;
  readonly names: InstanceNames;
  readonly #owned: boolean;

  constructor(dataDir: string, { instance, owned }: { instance: number; owned: boolean }) {
    this.dataDir = dataDir;
    this.names = instanceNames(instance);
    this.#owned = owned;
  }

  jdos(...args: string[]): Promise<Ended> {
    return jdosIn(this.dataDir, args);
  }

  /** Must succeed; gives the JSON it prints. */
  async json<T>(...args: string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await this.jdos(...args, "-o", "json");
    assert.equal(exitCode, 0, `jdos ${args.join(" ")}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Must succeed; gives what it prints. */
  async say(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.jdos(...args);
    assert.equal(exitCode, 0, `jdos ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  kubectl(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return runProgram("kubectl", args, {
      ...options,
      env: { ...process.env, KUBECONFIG: join(this.dataDir, "kubeconfig") },
    });
  }

  /** One request to an application by its host name. */
  async ask(app: string, path = "/"): Promise<Answer> {
    return ask({ port: this.names.ports.routes, host: hostOf(app), path });
  }

  async token(): Promise<string> {
    return (await readFile(join(this.dataDir, "credentials/platform-token"), "utf8")).trim();
  }

  async pid(): Promise<number> {
    const { pid } = await this.json<{ pid: number | null }>("status");
    assert.ok(pid !== null, "the platform runs");
    return pid;
  }

  async up(...args: string[]): Promise<Ended> {
    return jdosIn(this.dataDir, ["up", "--detach", ...args]);
  }

  async stop(): Promise<void> {
    if (!this.#owned) return;
    const { exitCode, stderr } = await this.jdos("down", "--purge");
    await rm(this.dataDir, { recursive: true, force: true });
    assert.equal(exitCode, 0, stderr);
  }
}

/** "hello" or "hello.demo", within the system "e2e" where none is named. */
export function hostOf(app: string): string {
  return `${app.includes(".") ? app : `${app}.e2e`}.jdos.localhost`;
}

/** Starts a platform in a new directory; JDOS_E2E_DATA_DIR names one that runs already and is left running. */
export async function startPlatform(): Promise<TestPlatform> {
  const present = process.env.JDOS_E2E_DATA_DIR;
  const dataDir = present ?? (await mkdtemp(join(tmpdir(), "jdos-e2e-")));
  if (present === undefined) {
    const { exitCode, stderr } = await jdosIn(dataDir, ["up", "--detach", "--instance", "auto"], {
      timeoutSeconds: 600,
    });
    if (exitCode !== 0) {
      const log = await readFile(join(dataDir, "logs/jdosd.log"), "utf8").catch(() => "");
      await jdosIn(dataDir, ["down", "--purge"]);
      await rm(dataDir, { recursive: true, force: true });
      assert.fail(`jdos up: ${stderr}\n${log.split("\n").slice(-20).join("\n")}`);
    }
  }
  const { instance } = JSON.parse(await readFile(join(dataDir, "instance.json"), "utf8")) as {
    instance: number;
  };
  const platform = new TestPlatform(dataDir, { instance, owned: present === undefined });
  const created = await platform.jdos("system", "create", "e2e");
  assert.ok(created.exitCode === 0 || created.stderr.startsWith("AlreadyExists"), created.stderr);
  return platform;
}
