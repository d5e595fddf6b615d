import { once } from "node:events";
import { Agent, request } from "node:http";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

export interface SteadyLoad {
  port: number;
  host: string;
  perSecond: number;
  /** At the most. */
  seconds: number;
  /** Requests that are sent though it was stopped. Defaults to none. */
  atLeast?: number;
}

export interface SteadyResult {
  /** From when each request was due, whenever it could be sent. */
  millis: number[];
  failures: number;
}

/**
 * Sends requests at their times, whatever became of those before: what a person feels of a machine that is busy. From a
 * thread of its own, so that what the benchmark does meanwhile is not measured. Ends early when the signal fires.
 */
export async function steadyLoad(load: SteadyLoad, signal?: AbortSignal): Promise<SteadyResult> {
  const worker = new Worker(new URL(import.meta.url), { workerData: load });
  const stop = (): void => worker.postMessage("stop");
  signal?.addEventListener("abort", stop);
  try {
    const [result] = (await once(worker, "message")) as [SteadyResult];
    return result;
  } finally {
    signal?.removeEventListener("abort", stop);
    await worker.terminate();
  }
}

async function send({ port, host, perSecond, seconds, atLeast = 0 }: SteadyLoad): Promise<SteadyResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const millis: number[] = [];
  const open = new Set<Promise<void>>();
  let failures = 0;
  let isStopped = false;
  parentPort?.once("message", () => {
    isStopped = true;
  });
  const started = performance.now();
  for (let number = 0; number < perSecond * seconds && (!isStopped || number < atLeast); number++) {
    const due = started + (number * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    // A timer may fire a moment early.
    const from = Math.min(due, performance.now());
    const asked = ask({ port, host, agent })
      .then(() => void millis.push(performance.now() - from))
      .catch(() => void failures++)
      .finally(() => open.delete(asked));
    open.add(asked);
  }
  await Promise.all(open);
  agent.destroy();
  return { millis, failures };
}

function ask({ port, host, agent }: { port: number; host: string; agent: Agent }): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: "127.0.0.1", port, agent, headers: { host }, timeout: 10_000 },
      (response) => {
        response
          .resume()
          .on("end", () => (response.statusCode === 200 ? resolve() : reject(new Error("refused"))));
      },
    );
    call.on("timeout", () => call.destroy(new Error("no answer")));
    call.on("error", reject);
    call.end();
  });
}

if (!isMainThread) parentPort?.postMessage(await send(workerData as SteadyLoad));
