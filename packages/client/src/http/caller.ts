import type { StatusError } from "@jdos/apimachinery";
import { systemClock } from "@jdos/component-base";
import { backOffMillis } from "../back-off.ts";
import type { CallOptions, GuardedCall, UserInfo } from "../client.ts";
import { TransportError } from "../errors.ts";
import type { ClientMetrics, Verb } from "./client-metrics.ts";
import { parseObject } from "./decode.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { refusal } from "./refusal.ts";
import { impersonation, type Query, queryString } from "./request-parts.ts";
import { retryAfterSeconds, retryWaitMillis } from "./retry-after.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

export interface Call extends CallOptions, GuardedCall {
  verb: Verb;
  method: string;
  path: string;
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  body?: object | string;
  answer?: TransportRequest["answer"];
}

export interface CallerOptions {
  transport: Transport;
  limiter: RateLimiter | undefined;
  metrics: ClientMetrics | undefined;
  /** Ends every call that may take long. */
  closing: AbortSignal;
  user: UserInfo | undefined;
  onWarning: ((text: string) => void) | undefined;
}

/** Times an answer of 429 (or 503 with Retry-After) is waited out. */
const MAX_RETRIES = 5;
const BROKEN_BACK_OFF = { baseMillis: 100, maxMillis: 100 };
/** Renewals are few by themselves, and a leader must not lose its lease because its other calls queue up. */
const UNLIMITED_PATH = "/apis/coordination.k8s.io/";

/** Why a call is made again; each reason has its own bound. */
interface Attempts {
  busy: number;
  broken: number;
  credentials: number;
}

/**
 * Makes calls, each within the limit of calls a second, and makes those again that surely did nothing or may be
 * done twice: refused as too many, read from a connection that broke, refused under credentials that have changed.
 */
export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** The answer with its body unread. @throws StatusError, TransportError */
  stream(call: Call): Promise<TransportResponse> {
    return this.#repeated(call, async (answer) => answer);
  }

  /** The answer's body. @throws StatusError, TransportError, GarbledError */
  json(call: Call): Promise<object> {
    return this.#repeated(call, async (answer) =>
      parseObject(await this.#options.transport.read(answer), call.path),
    );
  }

  /** An upgraded connection, tried once. */
  async upgrade(call: Call): ReturnType<Transport["upgrade"]> {
    await this.#turn(call);
    call.guard?.();
    return this.#measured(call, async () => {
      const answer = await this.#options.transport.upgrade(this.#outgoing(call));
      return { answer, code: "socket" in answer ? 101 : answer.response.status };
    });
  }

  async #repeated<R>(call: Call, finish: (answer: TransportResponse) => Promise<R>): Promise<R> {
    const attempts: Attempts = { busy: 0, broken: 0, credentials: 0 };
    for (;;) {
      await this.#turn(call);
      const { transport, metrics } = this.#options;
      let code: number | "<error>" = "<error>";
      try {
        const answer = await this.#measured(call, async () => {
          const got = await transport.send(this.#outgoing(call));
          return { answer: got, code: got.status };
        });
        code = answer.status;
        this.#warn(answer);
        if (code < 400) return await finish(answer);
        const error = refusal(answer, await transport.read(answer).catch(() => Buffer.alloc(0)));
        await this.#waitAfterRefusal(call, { answer, error, attempts });
      } catch (error) {
        if (call.signal?.aborted) throw call.signal.reason;
        if (!(error instanceof TransportError)) throw error;
        await this.#waitAfterFailure(call, { failure: error, attempts });
      }
      metrics?.retried(call.verb, code);
    }
  }

  /** Returns when the call may be made again. @throws the refusal when it may not */
  async #waitAfterRefusal(call: Call, { answer, error, attempts }: Refused): Promise<void> {
    if (error.code === 401) {
      if (attempts.credentials++ > 0 || !(await this.#options.transport.credentials.reread())) throw error;
      return;
    }
    const seconds = retryAfterSeconds(answer, systemClock.now());
    if (seconds === undefined || attempts.busy >= MAX_RETRIES) throw error;
    const waitMillis = retryWaitMillis(seconds, { attempt: attempts.busy++ });
    if (waitMillis === undefined) throw error;
    await this.#sleep(call, waitMillis);
  }

  /** Only reads are made again, and once: of a write nothing is known. @throws the failure */
  async #waitAfterFailure(call: Call, { failure, attempts }: Failed): Promise<void> {
    const renewed = await this.#options.transport.credentials.reread();
    const again = renewed ? attempts.credentials++ === 0 : brokeOff(failure) && attempts.broken++ === 0;
    if (call.method !== "GET" || !again) throw failure;
    await this.#sleep(call, backOffMillis(0, BROKEN_BACK_OFF));
  }

  async #sleep({ signal }: Call, millis: number): Promise<void> {
    const { closing } = this.#options;
    await systemClock.sleep(millis, signal === undefined ? closing : AbortSignal.any([signal, closing]));
  }

  async #turn(call: Call): Promise<void> {
    const { limiter, metrics } = this.#options;
    if (limiter === undefined || call.path.startsWith(UNLIMITED_PATH)) return;
    const waitedMillis = await limiter.wait(call.signal);
    if (waitedMillis > 0) metrics?.throttled(call.verb, waitedMillis / 1000);
  }

  async #measured<R>({ verb }: Call, send: () => Promise<{ answer: R; code: number }>): Promise<R> {
    const { metrics } = this.#options;
    const started = performance.now();
    let code: number | "<error>" = "<error>";
    try {
      const { answer, code: answered } = await send();
      code = answered;
      return answer;
    } finally {
      metrics?.answered(verb, code, (performance.now() - started) / 1000);
    }
  }

  #outgoing({ method, path, query, headers, body, signal, guard, answer }: Call): TransportRequest {
    const { closing, user } = this.#options;
    const isLong = answer !== undefined && answer !== "whole";
    return {
      method,
      path: `${path}${queryString(query)}`,
      headers: {
        accept: "application/json",
        ...(typeof body === "object" ? { "content-type": "application/json" } : {}),
        ...impersonation(user),
        ...headers,
      },
      body: typeof body === "object" ? JSON.stringify(body) : body,
      // A signal of every call's own would cost a listener each; short calls end when the connections close.
      signal: signal !== undefined ? AbortSignal.any([signal, closing]) : isLong ? closing : undefined,
      guard,
      answer,
    };
  }

  #warn(answer: TransportResponse): void {
    const header = answer.headers.warning;
    const { onWarning } = this.#options;
    if (header === undefined || onWarning === undefined) return;
    for (const [, text] of header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g))
      onWarning(text!.replace(/\\(.)/g, "$1"));
  }
}

interface Refused {
  answer: TransportResponse;
  error: StatusError;
  attempts: Attempts;
}

interface Failed {
  failure: TransportError;
  attempts: Attempts;
}

/** A connection that others closed while the answer was awaited: an idle one whose end had not been seen yet. */
function brokeOff(error: TransportError): boolean {
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return code === "ECONNRESET" || code === "EPIPE" || code === "UND_ERR_SOCKET";
}
