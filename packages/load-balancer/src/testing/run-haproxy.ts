import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { sendCommand } from "../haproxy/command-socket.ts";
import { filesIn } from "../haproxy/files.ts";

/** A real HAProxy over a configuration directory, as its Pod runs it. */
export interface RunningHaproxy {
  /** The worker that answers. */
  workerPid(): Promise<number>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts HAProxy; resolves when its admin socket answers. The configuration must be there. */
export async function runHaproxy(configDirectory: string): Promise<RunningHaproxy> {
  const files = filesIn(configDirectory);
  await rm(files.adminSocket, { force: true });
  const child = spawn("haproxy", ["-W", "-S", files.masterSocket, "-f", files.config], {
    stdio: "ignore",
  });
  const workerPid = async (): Promise<number> => {
    const info = await sendCommand(files.adminSocket, "show info");
    return Number(/^Pid: (\d+)$/m.exec(info)?.[1]);
  };
  await untilAnswers(child, files.adminSocket);
  return {
    workerPid,
    async kill() {
      const worker = await workerPid();
      await end(child, "SIGKILL");
      process.kill(worker, "SIGKILL");
    },
    stop: () => end(child, "SIGTERM"),
  };
}

async function untilAnswers(child: ChildProcess, socket: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`HAProxy ended with code ${child.exitCode}`);
    if (existsSync(socket) && (await sendCommand(socket, "show info").catch(() => undefined)) !== undefined)
      return;
    if (Date.now() > deadline) throw new Error("HAProxy does not answer");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}
