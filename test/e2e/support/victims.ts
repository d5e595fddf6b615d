import { readdirSync, readFileSync } from "node:fs";
import type { MachinePlatform } from "./platform.ts";

/** What is killed of one machine's platform, by what stands in its command line and what it has mounted. */
const VICTIMS = {
  builder: { command: "image-builder/src/main.ts", mount: "" },
  registry: { command: "docker-registry serve", mount: "registry" },
  "git server": { command: "git-server/src/main.ts", mount: "git" },
} as const;

export type Victim = "jdosd" | keyof typeof VICTIMS;

/** kill -9 of all processes of a part, of this platform alone. Says how many there were. */
export async function killPart(platform: MachinePlatform, victim: Victim): Promise<number> {
  const pids = victim === "jdosd" ? [await platform.pid()] : processesOf(platform, VICTIMS[victim]);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  return pids.length;
}

function processesOf(
  { dataDir }: MachinePlatform,
  { command, mount }: { command: string; mount: string },
): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        if (!words.includes(command)) return false;
        return readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(` ${dataDir}/${mount}`);
      } catch {
        // It has ended.
        return false;
      }
    })
    .map(Number);
}
