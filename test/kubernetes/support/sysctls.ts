import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a kubelet sets for the whole machine. Source: Kubernetes, pkg/util/sysctl. */
const KUBELET_SETS: Readonly<Record<string, string>> = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};

const pathOf = (name: string): string => join("/proc/sys", name);

/** Notes the settings that a kubelet is about to change. What has its value already is left to whoever set it. */
export async function recordSysctls(file: string): Promise<void> {
  if (existsSync(file)) return;
  const before: Record<string, string> = {};
  for (const [name, value] of Object.entries(KUBELET_SETS)) {
    const present = (await readFile(pathOf(name), "utf8")).trim();
    if (present !== value) before[name] = present;
  }
  await writeFile(file, JSON.stringify(before));
}

/** Puts back what was noted. Idempotent. */
export async function restoreSysctls(file: string): Promise<void> {
  if (!existsSync(file)) return;
  const before = JSON.parse(await readFile(file, "utf8")) as Record<string, string>;
  for (const [name, value] of Object.entries(before)) await writeFile(pathOf(name), value);
  await rm(file);
}
