import { Agent, request } from "node:http";

export interface SteadyLoad {
  port: number;
  host: string;
  perSecond: number;
  /** Asked before each request: whether to go on. */
  more(): boolean;
  /** At the most. */
  seconds: number;
}

export interface SteadyResult {
  /** From when each request was due, whenever it could be sent. */
  millis: number[];
  failures: number;
}

/** Sends requests at their times, whatever became of those before: what a person feels of a machine that is busy. */
export async function steadyLoad({
  port,
  host,
  perSecond,
  more,
  seconds,
}: SteadyLoad): Promise<SteadyResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const millis: number[] = [];
  const open = new Set<Promise<void>>();
  let failures = 0;
  const started = performance.now();
  for (let number = 0; number < perSecond * seconds && more(); number++) {
    const due = started + (number * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const asked = ask({ port, host, agent })
      .then(() => void millis.push(performance.now() - due))
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
