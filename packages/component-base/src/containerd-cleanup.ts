import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import { behindCgroup, cgroupProcesses, removeCgroupTree } from "./cgroup-tree.ts";
import { identifyProcess, type ProcessIdentity, stopProcess } from "./detached-process.ts";

const run = promisify(execFile);

export interface ContainerdState {
  socket: string;
  stateDir: string;
  rootDir: string;
  cgroupParent?: string;
}

/** Ends what a stopped containerd left running and unmounts what it left mounted. Idempotent. */
export async function cleanContainerdState(state: ContainerdState): Promise<void> {
  const shims = shimsOf(state.socket);
  const ids = shims.map((shim) => argumentOf(commandLine(shim.pid), "-id")).filter((id) => id !== undefined);
  const cgroups =
    state.cgroupParent === undefined ? [] : [state.cgroupParent, behindCgroup(state.cgroupParent)];
  const containers = new Map<number, ProcessIdentity>();
  for (const pid of [
    ...shims.flatMap((shim) => descendantsOf(shim.pid)),
    ...cgroups.flatMap(cgroupProcesses),
  ]) {
    const identity = identifyProcess(pid);
    if (identity !== undefined && pid !== process.pid) containers.set(pid, identity);
  }
  for (const shim of shims) containers.delete(shim.pid);
  await Promise.all([...containers.values()].map((identity) => stopProcess(identity, { timeoutSeconds: 0 })));
  await Promise.all(shims.map((identity) => stopProcess(identity, { timeoutSeconds: 0 })));
  removeShimSockets(state, ids);
  await unmountBelow(state.stateDir);
  await unmountBelow(state.rootDir);
  for (const cgroup of cgroups) await removeCgroupTree(cgroup);
}

/** Every mount below a directory, the deepest first. */
export function mountsBelow(directory: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => unescapeOctal(line.split(" ")[4] ?? ""))
    .filter((target) => target.startsWith(`${directory}/`))
    .reverse();
}

/** Detaches every mount below a directory, the deepest first. Idempotent. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const target of mountsBelow(directory)) {
    await run("umount", ["--lazy", "--no-canonicalize", target]).catch((error: unknown) => {
      if (mountsBelow(directory).includes(target)) throw error;
    });
  }
}

function shimsOf(socket: string): ProcessIdentity[] {
  return processes().filter(({ pid }) => {
    const args = commandLine(pid);
    return args[0]?.includes("containerd-shim") === true && argumentOf(args, "-address") === socket;
  });
}

function argumentOf(args: readonly string[], flag: string): string | undefined {
  const at = args.indexOf(flag);
  return at < 0 ? undefined : args[at + 1];
}

function processes(): ProcessIdentity[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => identifyProcess(Number(name)))
    .filter((identity) => identity !== undefined);
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function descendantsOf(pid: number): number[] {
  const found: number[] = [];
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").trim();
      for (const child of children === "" ? [] : children.split(" ")) {
        found.push(Number(child), ...descendantsOf(Number(child)));
      }
    }
  } catch {
    // The process ended meanwhile.
  }
  return found;
}

/** A killed shim leaves its socket behind. Its name follows from containerd's own socket and the sandbox's id. */
function removeShimSockets(state: ContainerdState, ids: readonly string[]): void {
  const bundles = list(`${state.stateDir}/io.containerd.runtime.v2.task/k8s.io`);
  for (const id of new Set([...ids, ...bundles])) {
    const name = createHash("sha256").update(`${state.socket}/k8s.io/${id}`).digest("hex");
    rmSync(`/run/containerd/s/${name}`, { force: true });
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** mountinfo writes blanks and backslashes as \040 and so on. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
