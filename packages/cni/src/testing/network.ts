import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CniCommand, CniResult } from "@jdos/api";
import { instanceNames, runCommand } from "@jdos/component-base";
import { silentLogger } from "@jdos/component-base/testing";
import type { CniOptions } from "../options.ts";
import { purge, type RunningCni, start } from "../start.ts";

/** A container as a runtime makes one: an id and a network namespace. */
export interface TestSandbox {
  readonly id: string;
  readonly netns: string;
  /** Name for `ip netns`. */
  readonly name: string;
}

export interface CniCall {
  readonly exitCode: number;
  readonly stdout: string;
  /** Standard output as JSON, {} when it is empty. */
  readonly body: CniResult & { code?: number; msg?: string };
}

export interface TestNetwork {
  readonly options: CniOptions;
  readonly cni: RunningCni;
  /** Stops the daemon and leaves everything else. */
  stopDaemon(): Promise<void>;
  startDaemon(overrides?: Partial<CniOptions>): Promise<void>;
  sandbox(): Promise<TestSandbox>;
  removeNamespace(sandbox: TestSandbox): Promise<void>;
  /** Runs the installed CNI program as a runtime would. */
  call(
    command: CniCommand,
    sandbox: TestSandbox,
    more?: { config?: object; program?: string; ifname?: string },
  ): Promise<CniCall>;
  /** Stops everything and removes every trace. */
  close(): Promise<void>;
}

/** The Pod network of a test instance on this machine, in a directory of its own. */
export async function startTestNetwork(instance: number): Promise<TestNetwork> {
  const names = instanceNames(instance);
  const root = await mkdtemp(join(tmpdir(), "jdos-cni-"));
  const options: CniOptions = {
    instance,
    bridge: names.bridge,
    podCidr: names.pods.range,
    gateway: names.pods.gateway,
    serviceCidr: names.services.range,
    runDir: join(root, "run"),
    dataDir: join(root, "data"),
    cniBinDir: join(root, "bin"),
    cniConfDir: join(root, "conf"),
    log: silentLogger(),
  };
  const sandboxes = new Map<string, TestSandbox>();
  let cni: RunningCni | undefined = await start(options);

  const network: TestNetwork = {
    options,
    get cni() {
      if (cni === undefined) throw new Error("Cannot use the daemon: it is stopped");
      return cni;
    },
    async stopDaemon() {
      await cni?.stop();
      cni = undefined;
    },
    async startDaemon(overrides = {}) {
      cni = await start({ ...options, ...overrides });
    },
    async sandbox() {
      const name = `${names.run.netnsPrefix}${randomUUID().slice(0, 8)}`;
      await runCommand(["ip", "netns", "add", name]);
      const sandbox = { id: randomUUID(), netns: `/run/netns/${name}`, name };
      sandboxes.set(sandbox.id, sandbox);
      return sandbox;
    },
    async removeNamespace(sandbox) {
      sandboxes.delete(sandbox.id);
      await runCommand(["ip", "netns", "del", sandbox.name], { okExitCodes: [0, 1] });
    },
    call: (command, sandbox, more) => callProgram({ options, command, sandbox, ...more }),
    async close() {
      await network.stopDaemon();
      for (const sandbox of sandboxes.values()) await network.removeNamespace(sandbox);
      await purge(options);
      await rm(root, { recursive: true, force: true });
    },
  };
  return network;
}

interface ProgramCall {
  options: CniOptions;
  command: CniCommand;
  sandbox: TestSandbox;
  config?: object;
  program?: string;
  ifname?: string;
}

async function callProgram(call: ProgramCall): Promise<CniCall> {
  const { options, command, sandbox, config = {}, program = "jdos-cni", ifname = "eth0" } = call;
  const { exitCode, stdout } = await runCommand([join(options.cniBinDir, program)], {
    input: JSON.stringify({ cniVersion: "1.0.0", name: options.bridge, type: program, ...config }),
    okExitCodes: [0, 1],
    env: {
      PATH: process.env.PATH,
      CNI_COMMAND: command,
      CNI_CONTAINERID: sandbox.id,
      CNI_NETNS: sandbox.netns,
      CNI_IFNAME: ifname,
      CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAMESPACE=demo;K8S_POD_NAME=web-0",
      CNI_PATH: options.cniBinDir,
    },
  });
  return { exitCode, stdout, body: stdout.trim() === "" ? ({} as CniCall["body"]) : JSON.parse(stdout) };
}
