import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";

export interface Answer {
  status: number;
  body: string;
}

export interface Question {
  /** Defaults to 127.0.0.1. */
  address?: string;
  port: number;
  host: string;
  path?: string;
  agent?: Agent;
  headers?: Record<string, string>;
}

/**
 * One request with a Host header, on a connection of its own as curl's is: a kept one may lead to a
 * worker of HAProxy that a reload replaced, which tells its client so only with its next answer.
 */
export function ask({
  address = "127.0.0.1",
  port,
  host,
  path = "/",
  agent,
  headers = {},
}: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: address,
        port,
        path,
        headers: { host, ...headers },
        timeout: 10_000,
        agent: agent ?? false,
      },
      (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      },
    );
    call.on("timeout", () => call.destroy(new Error("no answer in 10 s")));
    call.on("error", reject);
    call.end();
  });
}

export interface LoadResult {
  requests: number;
  /** What went wrong, how often. */
  failures: Record<string, number>;
  /** How often each answer came, for telling releases apart. */
  bodies: Map<string, number>;
  seconds: number;
}

export interface LoadOptions {
  /** Defaults to 127.0.0.1. */
  address?: string;
  port: number;
  host: string;
  /** Exactly this many are sent, unless `more` asks for more. */
  requests: number;
  /** Asked after those: whether to go on, up to ten times as many. For loads that must outlast what they accompany. */
  more?: () => boolean;
  /** At the same time. Defaults to 8. */
  workers?: number;
  /** A new connection for each request. Defaults to false. */
  fresh?: boolean;
  /** Slows down to this many a second, so that the load lasts as long as what it accompanies. */
  perSecond?: number;
  /** What in an answer is counted. Defaults to its first line. */
  key?: (body: string) => string;
}

/** Sends a bounded number of requests and counts every failure; none is sent twice. */
export async function load({
  address = "127.0.0.1",
  port,
  host,
  requests,
  more = () => false,
  workers = 8,
  fresh = false,
  perSecond,
  key = firstLine,
}: LoadOptions): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: !fresh, maxSockets: workers });
  const failures: Record<string, number> = {};
  const bodies = new Map<string, number>();
  const started = performance.now();
  let sent = 0;
  const worker = async (): Promise<void> => {
    while (sent < requests || (sent < requests * 10 && more())) {
      const number = sent++;
      if (perSecond !== undefined) await until(started + (number / perSecond) * 1000);
      try {
        const { status, body } = await ask({ address, port, host, agent });
        if (status === 200) bodies.set(key(body), (bodies.get(key(body)) ?? 0) + 1);
        else failures[`HTTP ${status}`] = (failures[`HTTP ${status}`] ?? 0) + 1;
      } catch (error) {
        const name = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
        failures[name] = (failures[name] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  agent.destroy();
  return { requests: sent, failures, bodies, seconds: (performance.now() - started) / 1000 };
}

const firstLine = (body: string): string => body.split("\n")[0] ?? "";

function until(time: number): Promise<void> {
  const millis = time - performance.now();
  return millis <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, millis));
}
