import { readdirSync, readFileSync } from "node:fs";

/**
 * Ends a program with its group and all that descends from it: buildah's steps are groups of their own. As the first
 * process of a container also what got away from its parents, for nothing else runs there.
 */
export function endAll(pid: number): void {
  const all = [...descendantsOf(pid), -pid, ...(process.pid === 1 ? [-1] : [])];
  for (const each of all) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}

function descendantsOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  for (const queue = [pid]; queue.length > 0; ) {
    const next = children.get(queue.pop() ?? 0) ?? [];
    found.push(...next);
    queue.push(...next);
  }
  return found;
}

/** Source: proc_pid_stat(5). The name before it may hold anything. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
