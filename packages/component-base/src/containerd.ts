import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanContainerdState } from "./containerd-cleanup.ts";
import {
  findDetached,
  isRunning,
  type ProcessIdentity,
  startDetached,
  stopDetached,
} from "./detached-process.ts";
import { ComponentError } from "./errors.ts";

/** A containerd of our own, apart from the system's. Every path is absolute. */
export interface ContainerdOptions {
  /** Socket, state, pid file and configuration: on a tmpfs, short (a socket's path ends at 108 bytes). */
  runDir: string;
  /** Images and snapshots: survives a reboot. */
  rootDir: string;
  /** The image of a Pod's sandbox; must be present, it is not pulled from elsewhere. */
  sandboxImage: string;
  cniBinDir: string;
  cniConfDir: string;
  /** Holds HOST/hosts.toml for each registry. */
  registryConfigDir: string;
  /** Defaults to `${runDir}/containerd.log`. */
  logFile?: string;
  /** The program. Defaults to "containerd". */
  command?: string;
  /** Defaults to the environment of this process. */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface ContainerdPaths {
  readonly socket: string;
  readonly stateDir: string;
  readonly configFile: string;
  readonly pidFile: string;
  readonly logFile: string;
}

/** Where the parts of a containerd lie; the socket is what a CRI client connects to. */
export function containerdPaths(options: Pick<ContainerdOptions, "runDir" | "logFile">): ContainerdPaths {
  return {
    socket: `${options.runDir}/containerd.sock`,
    stateDir: `${options.runDir}/containerd`,
    configFile: `${options.runDir}/containerd.toml`,
    pidFile: `${options.runDir}/containerd.pid`,
    logFile: options.logFile ?? `${options.runDir}/containerd.log`,
  };
}

/** The configuration file of a containerd. Works for 1.6 and 1.7, on cgroup v1 and v2. */
export function containerdConfig(options: ContainerdOptions): string {
  const { socket, stateDir } = containerdPaths(options);
  const cri = `plugins."io.containerd.grpc.v1.cri"`;
  const text = (value: string) => JSON.stringify(value);
  return `version = 2
root = ${text(options.rootDir)}
state = ${text(stateDir)}
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
]

[grpc]
  address = ${text(socket)}

[debug]
  level = "warn"

[plugins."io.containerd.internal.v1.opt"]
  path = ${text(`${options.rootDir}/opt`)}

[${cri}]
  sandbox_image = ${text(options.sandboxImage)}
  # Lowering an oom_score_adj needs CAP_SYS_RESOURCE, which a machine may not give us.
  restrict_oom_score_adj = true
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"

  [${cri}.containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.runc.options]
        Root = ${text(`${stateDir}/runc`)}
        SystemdCgroup = false

  [${cri}.cni]
    bin_dir = ${text(options.cniBinDir)}
    conf_dir = ${text(options.cniConfDir)}
    max_conf_num = 1

  [${cri}.registry]
    config_path = ${text(options.registryConfigDir)}
`;
}

export interface Containerd {
  readonly socket: string;
  readonly process: ProcessIdentity;
  /** False: it ran already and was found again. */
  readonly started: boolean;
}

/**
 * Starts containerd detached, or finds the one that runs already, and waits until its socket answers. A
 * containerd that runs keeps the configuration it was started with.
 */
export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const paths = containerdPaths(options);
  const running = findDetached(paths.pidFile);
  if (running !== undefined) {
    await waitForSocket(paths, running);
    return { socket: paths.socket, process: running, started: false };
  }
  for (const directory of [options.runDir, options.rootDir, options.cniConfDir, options.registryConfigDir]) {
    mkdirSync(directory, { recursive: true });
  }
  rmSync(paths.socket, { force: true });
  writeFileSync(paths.configFile, containerdConfig(options), { mode: 0o600 });
  const process = await startDetached({
    command: options.command ?? "containerd",
    args: ["--config", paths.configFile],
    pidFile: paths.pidFile,
    logFile: paths.logFile,
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  await waitForSocket(paths, process);
  return { socket: paths.socket, process, started: true };
}

/** Ends containerd alone: its containers go on, and the next start finds them. Idempotent. */
export async function stopContainerd(options: Pick<ContainerdOptions, "runDir">): Promise<void> {
  await stopDetached(containerdPaths(options).pidFile);
}

export interface PurgeContainerdOptions extends Pick<ContainerdOptions, "runDir" | "rootDir"> {
  /** The cgroup that all Pods are under, such as "/jdos-0". */
  cgroupParent?: string;
  /** Images and snapshots stay. Defaults to false. */
  keepRoot?: boolean;
}

/**
 * Ends containerd and every container it ran, and removes their mounts, cgroups and files. Networks are not
 * told: remove the Pods through CRI first where that matters. Idempotent.
 */
export async function purgeContainerd(options: PurgeContainerdOptions): Promise<void> {
  const paths = containerdPaths(options);
  await stopContainerd(options);
  await cleanContainerdState({
    socket: paths.socket,
    stateDir: paths.stateDir,
    rootDir: options.rootDir,
    ...(options.cgroupParent === undefined ? {} : { cgroupParent: options.cgroupParent }),
  });
  for (const path of [paths.stateDir, paths.socket, `${paths.socket}.ttrpc`, paths.configFile]) {
    rmSync(path, { recursive: true, force: true });
  }
  if (options.keepRoot !== true) rmSync(options.rootDir, { recursive: true, force: true });
}

async function waitForSocket(paths: ContainerdPaths, identity: ProcessIdentity): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await answers(paths.socket))) {
    if (!isRunning(identity)) throw notStarted("it ended", paths);
    if (performance.now() >= deadline) {
      throw notStarted(`"${paths.socket}" does not answer`, paths);
    }
    await sleep(20);
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const end = (answer: boolean) => {
      connection.destroy();
      resolve(answer);
    };
    connection.once("connect", () => end(true));
    connection.once("error", () => end(false));
  });
}

function notStarted(state: string, paths: ContainerdPaths): ComponentError {
  return new ComponentError("CommandFailed", `Cannot start containerd: ${state}`, {
    hint: `Read "${paths.logFile}"`,
  });
}
