import { rootCertificates } from "node:tls";
import { type HttpAnswer, sendHttp } from "../send-http.ts";
import type { PrometheusAccess } from "./access.ts";
import { PrometheusError, type PrometheusErrorCode } from "./errors.ts";

/** One series of an answer: its labels, and [seconds since 1970, value] for each moment. */
export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [number, number])[];
}

export interface RangeOptions {
  fromSeconds: number;
  toSeconds: number;
  stepSeconds: number;
}

/** A server that speaks Prometheus' HTTP API. Source: Prometheus, "HTTP API". */
export interface Prometheus {
  /** The value of now of each series. @throws PrometheusError */
  query(expression: string): Promise<PrometheusSeries[]>;
  /** @throws PrometheusError */
  queryRange(expression: string, options: RangeOptions): Promise<PrometheusSeries[]>;
  /** Whether it answers as one. @throws PrometheusError */
  check(): Promise<void>;
}

export type Answer = Pick<HttpAnswer, "status" | "text">;

/** How a form is sent to a path below the server's address. */
export type Send = (path: string, form: Readonly<Record<string, string>>) => Promise<Answer>;

const TIMEOUT_SECONDS = 10;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

interface Result {
  metric?: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
}

/** `send`: another way than its address, such as through a proxy. */
export function createPrometheus(access: PrometheusAccess, send: Send = sendTo(access)): Prometheus {
  const ask = async (path: string, form: Record<string, string>): Promise<PrometheusSeries[]> => {
    const refused = (code: PrometheusErrorCode, state: string, cause?: unknown) =>
      new PrometheusError(code, { url: access.url, state }, cause);
    const answer = await send(path, { ...form, timeout: `${TIMEOUT_SECONDS}s` }).catch((cause: Error) => {
      throw cause instanceof PrometheusError ? cause : refused("PrometheusUnreachable", cause.message, cause);
    });
    return seriesOf(answer, refused);
  };
  return {
    query: (query) => ask("/api/v1/query", { query }),
    queryRange: (query, { fromSeconds, toSeconds, stepSeconds }) =>
      ask("/api/v1/query_range", {
        query,
        start: String(fromSeconds),
        end: String(toSeconds),
        step: String(stepSeconds),
      }),
    async check() {
      const [one] = await ask("/api/v1/query", { query: "vector(1)" });
      if (one?.points[0]?.[1] === 1) return;
      const state = "it does not answer vector(1) with 1";
      throw new PrometheusError("NotPrometheus", { url: access.url, state });
    },
  };
}

function sendTo({ url, authorization, caPem }: PrometheusAccess): Send {
  const headers = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
    ...(authorization === undefined ? {} : { authorization }),
  };
  const seconds = TIMEOUT_SECONDS + 2;
  return async (path, form) => {
    try {
      return await sendHttp({
        url,
        path,
        headers,
        body: new URLSearchParams({ ...form }).toString(),
        // Trusted beside the system's authorities.
        ...(caPem === undefined ? {} : { ca: [...rootCertificates, caPem].join("\n") }),
        maxAnswerBytes: MAX_ANSWER_BYTES,
        signal: AbortSignal.timeout(seconds * 1000),
      });
    } catch (cause) {
      if ((cause as Error).name !== "AbortError") throw cause;
      throw new Error(`no answer in ${seconds} s`, { cause });
    }
  };
}

type Refused = (code: PrometheusErrorCode, state: string, cause?: unknown) => PrometheusError;

function seriesOf({ status, text }: Answer, refused: Refused): PrometheusSeries[] {
  if (status === 401 || status === 403)
    throw refused("PrometheusUnauthorized", `it answered ${status}: it wants another proof of who asks`);
  if (status === 503) throw refused("PrometheusStarting", "it answered 503: it is not ready yet");
  const { data, error } = parsed(text);
  if (error !== undefined) throw refused("QueryRefused", error);
  if (status !== 200 || data?.result === undefined)
    throw refused("NotPrometheus", `it answered ${status}, and not as Prometheus does`);
  return data.result.map(({ metric = {}, value, values }) => ({
    labels: metric,
    points: (values ?? (value === undefined ? [] : [value])).map(([at, text]) => [at, Number(text)] as const),
  }));
}

function parsed(body: string): { data?: { result?: Result[] }; error?: string } {
  try {
    const answer = JSON.parse(body) as { status?: string; data?: { result?: unknown }; error?: string };
    if (answer.status === "error") return { error: answer.error ?? "it says no reason" };
    if (answer.status !== "success" || !Array.isArray(answer.data?.result)) return {};
    return { data: { result: answer.data.result as Result[] } };
  } catch {
    return {};
  }
}
