import { readFile, stat, statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { dirname } from "node:path";
import { registrySpace } from "@jdos/api";
import { messageOf } from "@jdos/apimachinery";
import { findDetached, instanceNames, isPortFree, readInstance, runCommand } from "@jdos/component-base";
import { readStatus } from "../control/status.ts";
import { missingPackages } from "../host/packages.ts";
import type { JdosdOptions } from "../options.ts";

/** One thing the platform needs of a machine. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly message: string;
  /** How to get it. */
  readonly hint?: string;
}

export interface DoctorOptions {
  /** Who asks. Defaults to the user of this process. */
  uid?: number;
}

type Check = (options: JdosdOptions) => Promise<Finding>;

const WITH_SUDO = "Run the command with sudo";
const BRIDGE = "bridge and veth";
const PACKET_RULES = "nftables";
const MIN_DISK_GIB = 5;
const MIN_MEMORY_GIB = 2;

/** Looks for everything the platform needs; changes nothing. */
export async function diagnose(
  options: JdosdOptions,
  { uid = process.getuid?.() ?? -1 }: DoctorOptions = {},
): Promise<Finding[]> {
  const checks: Check[] = [
    async () => checkRoot(uid),
    checkDebian,
    checkPackages,
    () => checkFileSystem("overlayfs", "overlay", "modprobe overlay"),
    async () => (uid === 0 ? checkBridge() : untried(BRIDGE)),
    async () => (uid === 0 ? checkPacketRules() : untried(PACKET_RULES)),
    checkControlGroups,
    checkPorts,
    checkDisk,
    checkRegistry,
    checkMemory,
  ];
  return Promise.all(checks.map((check) => check(options)));
}

function checkRoot(uid: number): Finding {
  return finding("root", uid === 0, { message: `user id ${uid}`, hint: WITH_SUDO });
}

function untried(name: string): Finding {
  return finding(name, false, { message: "not tried: that needs root", hint: WITH_SUDO });
}

async function checkDebian(): Promise<Finding> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? "unknown";
  const ok = /^ID(_LIKE)?=.*debian/m.test(release);
  return finding("debian", ok, {
    message: name,
    hint: "Use Debian 12: packages and images come from its mirror",
  });
}

async function checkPackages({ path }: JdosdOptions): Promise<Finding> {
  const missing = await missingPackages({ path });
  return finding("packages", missing.length === 0, {
    message: missing.length === 0 ? "all installed" : `missing: ${missing.join(", ")}`,
    hint: `\`jdos up\` installs them, or: apt-get install --no-install-recommends ${missing.join(" ")}`,
  });
}

async function checkFileSystem(name: string, type: string, remedy: string): Promise<Finding> {
  const known = await readFile("/proc/filesystems", "utf8");
  const ok = new RegExp(`\\b${type}$`, "m").test(known);
  return finding(name, ok, {
    message: ok ? "the kernel has it" : "the kernel does not list it",
    hint: `Load it: ${remedy}`,
  });
}

/** Tried in a network namespace of its own, which ends with the command. */
async function checkBridge(): Promise<Finding> {
  return attempt(BRIDGE, {
    argv: [
      "unshare",
      "--net",
      "sh",
      "-c",
      "ip link add name b type bridge && ip link add name v type veth peer name w",
    ],
    hint: "Load them: modprobe bridge veth",
  });
}

async function checkPacketRules(): Promise<Finding> {
  return attempt(PACKET_RULES, {
    argv: [
      "unshare",
      "--net",
      "nft",
      "add table inet t; add chain inet t c { type nat hook prerouting priority -100; }; add map inet t m { type ipv4_addr : ipv4_addr; }",
    ],
    hint: "Load them: modprobe nf_tables nft_chain_nat; the package is nftables",
  });
}

async function checkControlGroups(): Promise<Finding> {
  const controllers = await readFile("/sys/fs/cgroup/cgroup.controllers", "utf8").catch(() => undefined);
  const version1 = await stat("/sys/fs/cgroup/memory").then(
    () => true,
    () => false,
  );
  const missing = ["cpu", "memory", "pids"].filter(
    (name) => controllers !== undefined && !controllers.includes(name),
  );
  const ok = controllers === undefined ? version1 : missing.length === 0;
  const version = controllers === undefined ? "version 1" : "version 2";
  return finding("control groups", ok, {
    message: ok ? version : `${version}, without ${missing.join(", ") || "memory"}`,
    hint: "Mount /sys/fs/cgroup with the controllers cpu, memory and pids",
  });
}

async function checkPorts({ dataDir, instance, listenAddress }: JdosdOptions): Promise<Finding> {
  const number =
    (await readInstance(dataDir).catch(() => undefined)) ?? (typeof instance === "number" ? instance : 0);
  const names = instanceNames(number);
  if (findDetached(`${names.runDir}/containerd.pid`) !== undefined) {
    return finding("ports", true, { message: `instance ${number} runs and has them` });
  }
  const ports = Object.values(names.ports);
  const free = await Promise.all(ports.map((port) => isPortFree(port, listenAddress)));
  const taken = ports.filter((_, at) => !free[at]);
  return finding("ports", taken.length === 0, {
    message: taken.length === 0 ? `${ports.join(", ")} are free` : `taken: ${taken.join(", ")}`,
    hint: "Start another instance with --instance auto, or end what holds them: ss -ltnp",
  });
}

async function checkDisk({ dataDir }: JdosdOptions): Promise<Finding> {
  const { bavail, bsize } = await statfs(await existing(dataDir));
  const gib = (bavail * bsize) / 2 ** 30;
  return finding("disk", gib >= MIN_DISK_GIB, {
    message: `${gib.toFixed(1)} GiB free for "${dataDir}"`,
    hint: `Free ${MIN_DISK_GIB} GiB, or choose another place with --data-dir`,
  });
}

/** Only the platform that runs knows it. */
async function checkRegistry({ dataDir }: JdosdOptions): Promise<Finding> {
  const { registry } = await readStatus(dataDir);
  if (registry === undefined) return finding("registry", true, { message: "told while the platform runs" });
  return finding("registry", registry.state === "Ok", {
    message: `it holds ${registrySpace(registry)}`,
    hint: "Delete applications or lower their historyLimit, free the disk, or raise --registry-limit",
  });
}

async function checkMemory(): Promise<Finding> {
  const gib = totalmem() / 2 ** 30;
  return finding("memory", gib >= MIN_MEMORY_GIB, {
    message: `${gib.toFixed(1)} GiB`,
    hint: `At least ${MIN_MEMORY_GIB} GiB are needed`,
  });
}

async function existing(path: string): Promise<string> {
  const found = await stat(path).then(
    () => true,
    () => false,
  );
  return found || path === "/" ? path : existing(dirname(path));
}

async function attempt(
  name: string,
  { argv, hint }: { argv: [string, ...string[]]; hint: string },
): Promise<Finding> {
  try {
    await runCommand(argv);
    return finding(name, true, { message: "works" });
  } catch (error) {
    return finding(name, false, { message: messageOf(error), hint });
  }
}

function finding(name: string, ok: boolean, { message, hint }: { message: string; hint?: string }): Finding {
  return { name, ok, message, ...(ok || hint === undefined ? {} : { hint }) };
}
