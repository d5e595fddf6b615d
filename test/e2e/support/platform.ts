import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runCommandLine } from "@jdos/cli/testing";
import { type Client, createHttpClient, loadKubeconfig } from "@jdos/client";
import { type InstanceNames, instanceNames } from "@jdos/component-base/instance";
import { type Answer, ask } from "./http.ts";
import { type Ended, type RunOptions, runProgram } from "./process.ts";
import { clusterTarget, TARGET } from "./target.ts";

export const ROOT = resolve(import.meta.dirname, "../../..");
const MAIN = join(ROOT, "packages/cli/src/main.ts");

export const example = (name: string): string => join(ROOT, "examples", name);

/** The command `jdos`, whose environment says which platform it speaks to. */
export function runJdos(
  env: NodeJS.ProcessEnv,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  return runProgram(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args], {
    ...options,
    env: { ...process.env, ...options.env, ...env, NO_COLOR: "1" },
  });
}

/** The command `jdos` for one data directory. */
export function jdosIn(dataDir: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runJdos({ JDOS_DATA_DIR: dataDir }, args, options);
}

/** How a platform is reached, wherever it runs. */
export interface PlatformAccess {
  /** By which the command finds it. */
  readonly env: NodeJS.ProcessEnv;
  /** Of one who may do everything. */
  readonly kubeconfig: string;
  /** Where applications answer, by host name. */
  readonly routes: { readonly address: string; readonly port: number };
  /** This machine as Pods see it. */
  readonly hostAddress: string;
  /** Images are IMAGES/<system>/<application>. */
  readonly images: string;
  /** Who the command acts as. */
  readonly administrator: string;
}

/** A whole platform. */
export class TestPlatform {
  readonly #access: PlatformAccess;

  constructor(access: PlatformAccess) {
    this.#access = access;
  }

  get routes(): PlatformAccess["routes"] {
    return this.#access.routes;
  }

  get hostAddress(): string {
    return this.#access.hostAddress;
  }

  get images(): string {
    return this.#access.images;
  }

  get administrator(): string {
    return this.#access.administrator;
  }

  get kubeconfig(): string {
    return this.#access.kubeconfig;
  }

  /** The command in a process of its own. */
  jdos(...args: string[]): Promise<Ended> {
    return runJdos(this.#access.env, args);
  }

  /** Must succeed; gives the JSON it prints. In this process, for what is asked again and again. */
  async json<T>(...args: string[]): Promise<T> {
    const env = { ...process.env, ...this.#access.env, NO_COLOR: "1" };
    const { exitCode, stdout, stderr } = await runCommandLine([...args, "-o", "json"], env);
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
    return runProgram("kubectl", args, { ...options, env: { ...process.env, KUBECONFIG: this.kubeconfig } });
  }

  /** Of one who may do everything; the caller closes it. */
  async client(): Promise<Client> {
    return createHttpClient(await loadKubeconfig({ path: this.kubeconfig }));
  }

  /** One request to an application by its host name. */
  ask(app: string, path = "/"): Promise<Answer> {
    return ask({ ...this.routes, host: hostOf(app), path });
  }

  /** Whoever made the platform ends it: a cluster's is that of all test files. */
  async stop(): Promise<void> {}
}

/** An address of this machine that is not the platform's: builds are refused the gateway's. */
function addressOutside(): string | undefined {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !name.startsWith("jdos"))
    .flatMap(([, addresses]) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

/** A platform of a machine, as a person would start it. */
export class MachinePlatform extends TestPlatform {
  readonly dataDir: string;
  readonly names: InstanceNames;
  readonly #owned: boolean;

  constructor(dataDir: string, { instance, owned }: { instance: number; owned: boolean }) {
    const names = instanceNames(instance);
    super({
      env: { JDOS_DATA_DIR: dataDir },
      kubeconfig: join(dataDir, "kubeconfig"),
      routes: { address: "127.0.0.1", port: names.ports.routes },
      hostAddress: addressOutside() ?? names.pods.gateway,
      images: "registry.jdos.internal",
      administrator: "admin",
    });
    this.dataDir = dataDir;
    this.names = names;
    this.#owned = owned;
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

  override async stop(): Promise<void> {
    const { pid } = await this.json<{ pid: number | null }>("status");
    if (pid === null)
      console.error(`jdosd was gone when its tests ended. It said:\n${await lastWordsIn(this.dataDir)}`);
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

/**
 * The platform that the tests try, with a system "e2e". Files share it, one after another: what one leaves there must
 * not disturb another, and what ends parts of it brings them back.
 */
export async function startPlatform(): Promise<TestPlatform> {
  if (TARGET === "embedded") {
    const { JDOS_E2E_DATA_DIR: present, JDOS_E2E_SHARED: shared } = process.env;
    return present === undefined && shared !== undefined ? sharedMachine(shared) : startMachine();
  }
  const { kubeconfig, ...rest } = clusterTarget();
  return withSystem(
    new TestPlatform({
      ...rest,
      kubeconfig,
      administrator: "jdos:admin",
      env: { JDOS_KUBECONFIG: kubeconfig },
    }),
  );
}

/** A platform of one's own in a new directory; JDOS_E2E_DATA_DIR names one that runs already and is left running. */
export async function startMachine(): Promise<MachinePlatform> {
  const present = process.env.JDOS_E2E_DATA_DIR;
  if (present !== undefined) return machineIn(present, { owned: false });
  const dataDir = await mkdtemp(join(tmpdir(), "jdos-e2e-"));
  await bringUp(dataDir);
  return machineIn(dataDir, { owned: true });
}

/** That of a directory which the runner removes; brought up where it does not run. */
async function sharedMachine(dataDir: string): Promise<MachinePlatform> {
  const { stdout } = await jdosIn(dataDir, ["status", "-o", "json"]);
  if ((JSON.parse(stdout) as { pid: number | null }).pid === null) await bringUp(dataDir);
  return machineIn(dataDir, { owned: false });
}

/** A start that fails leaves nothing. */
async function bringUp(dataDir: string): Promise<void> {
  const { exitCode, stderr } = await jdosIn(dataDir, ["up", "--detach", "--instance", "auto"], {
    timeoutSeconds: 600,
  });
  if (exitCode === 0) return;
  const log = await lastWordsIn(dataDir);
  await jdosIn(dataDir, ["down", "--purge"]);
  await rm(dataDir, { recursive: true, force: true });
  assert.fail(`jdos up: ${stderr}\n${log}`);
}

async function machineIn(dataDir: string, { owned }: { owned: boolean }): Promise<MachinePlatform> {
  const { instance } = JSON.parse(await readFile(join(dataDir, "instance.json"), "utf8")) as {
    instance: number;
  };
  return withSystem(new MachinePlatform(dataDir, { instance, owned }));
}

/** The ends of jdosd's log and of what it wrote past that. */
async function lastWordsIn(dataDir: string): Promise<string> {
  const ends = await Promise.all(
    ["logs/jdosd.log", "logs/start.err"].map(async (name) => {
      const text = await readFile(join(dataDir, name), "utf8").catch(() => "");
      return `${name}:\n${text.split("\n").slice(-30).join("\n")}`;
    }),
  );
  return ends.join("\n");
}

async function withSystem<P extends TestPlatform>(platform: P): Promise<P> {
  const created = await platform.jdos("system", "create", "e2e");
  assert.ok(created.exitCode === 0 || created.stderr.startsWith("AlreadyExists"), created.stderr);
  return platform;
}
