import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { HttpClientOptions } from "@jdos/client";
import type { LogLevel, Running } from "@jdos/component-base";
import type { CollectOptions, LogServerOptions } from "./options.ts";

/** A LogServerOptions that can be handed to a thread. */
export interface ThreadOptions extends Pick<LogServerOptions, "store" | "listen" | "keys"> {
  collect: Omit<CollectOptions, "client"> & {
    api: Pick<HttpClientOptions, "server" | "ca" | "cert" | "key">;
  };
  /** Appended to. */
  logFile: string;
  logLevel: LogLevel;
}

/** What one thread may take: it ends when it needs more, and the process stays. */
const MAX_HEAP_MEBIBYTES = 128;

/**
 * Starts a log server with its collector in a thread of its own: what it reads, writes and looks through keeps no one
 * else of the process waiting. Settles when it listens.
 */
export async function start(options: ThreadOptions): Promise<Running & { check(): void }> {
  const worker = new Worker(join(import.meta.dirname, "thread.ts"), {
    workerData: options,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEBIBYTES, maxYoungGenerationSizeMb: 4 },
  });
  let failure: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    worker.once("error", (error: Error) => {
      failure = error;
    });
    worker.once("exit", () => {
      failure ??= new Error("the thread has ended");
      resolve();
    });
  });
  await Promise.race([once(worker, "message"), ended]);
  if (failure !== undefined) throw failure;
  worker.unref();
  return {
    check() {
      if (failure !== undefined) throw failure;
    },
    async stop() {
      if (failure !== undefined) return;
      worker.postMessage("stop");
      await ended;
    },
  };
}
