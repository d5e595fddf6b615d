import { access } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, runCommand } from "@jdos/component-base";

/** Asks every container of a containerd to end, and gives them a while; what still runs after that is killed later. */
export async function stopContainers(socket: string, graceSeconds: number): Promise<void> {
  const ctr = (...args: string[]) =>
    runCommand(["ctr", "--address", socket, "--namespace", "k8s.io", ...args]);
  const reachable = await access(socket).then(
    () => true,
    () => false,
  );
  if (!reachable) return;
  try {
    const containers = lines(
      (await ctr("containers", "list", "--quiet", 'labels."io.cri-containerd.kind"==container')).stdout,
    );
    const running = async () => {
      const tasks = new Set(lines((await ctr("tasks", "list", "--quiet")).stdout));
      return containers.filter((id) => tasks.has(id));
    };
    for (const id of await running())
      await ctr("tasks", "kill", "--signal", "SIGTERM", id).catch(ignoreEnded);
    const deadline = performance.now() + graceSeconds * 1000;
    while (performance.now() < deadline && (await anyAlive(ctr, containers))) await sleep(100);
  } catch (error) {
    // A containerd that died leaves its socket behind; its containers are found by their cgroups then.
    if (!(error instanceof CommandError)) throw error;
  }
}

type Ctr = (...args: string[]) => Promise<{ stdout: string }>;

async function anyAlive(ctr: Ctr, containers: readonly string[]): Promise<boolean> {
  const { stdout } = await ctr("tasks", "list");
  return lines(stdout).some((line) => {
    const [id = "", , state] = line.split(/\s+/);
    return containers.includes(id) && state === "RUNNING";
  });
}

/** It ended by itself in between. */
function ignoreEnded(error: unknown): void {
  if (!(error instanceof CommandError)) throw error;
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
