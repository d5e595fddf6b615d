import { once } from "node:events";
import type { Agent, IncomingMessage, RequestOptions } from "node:http";
import { request as secureRequest, Agent as TlsAgent } from "node:https";
import {
  type ApiError,
  PLATFORM_ROUTES,
  type PlatformRoute,
  PROOF_HEADER,
  type StreamError,
} from "@jdos/api";
import { http } from "@jdos/component-base/http";
import { GitServerError } from "../errors.ts";
import type { RepositoryName } from "../repositories/repository-name.ts";
import type { PlatformConnection } from "./connection.ts";

/** What the platform API refused, in its own words. */
export class PlatformRefusal extends Error {
  override readonly name = "PlatformRefusal";
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(status: number, { code, message, hint }: ApiError) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

/** It is away, or the connection ended on the way: the same call may succeed later. */
export class PlatformAway extends Error {
  override readonly name = "PlatformAway";
}

/** The platform is away, or busy. */
export function isAway(error: unknown): boolean {
  if (error instanceof PlatformRefusal) return error.status === 429 || error.status >= 502;
  return error instanceof PlatformAway;
}

export interface PlatformCall {
  /** The person's. */
  token: string;
  name: RepositoryName;
  query?: Readonly<Record<string, string | number>>;
  /** Sent as JSON. */
  body?: unknown;
  /** Of a part of a source, as gzip. */
  part?: { digest: string; gzipped: Buffer };
  signal?: AbortSignal;
}

const SILENCE_MILLIS = 120_000;

/** The platform API, always as the person whose token is given. */
export class PlatformClient {
  readonly #connection: PlatformConnection;
  readonly #agent: Agent | TlsAgent;
  readonly #secure: boolean;

  constructor(connection: PlatformConnection) {
    this.#connection = connection;
    this.#secure = connection.url.startsWith("https:");
    const options = { keepAlive: true, maxSockets: 128 };
    this.#agent = this.#secure
      ? new TlsAgent({ ...options, ...(connection.ca === undefined ? {} : { ca: connection.ca }) })
      : new http.Agent(options);
  }

  /** @throws PlatformRefusal, PlatformAway */
  async call<T>(method: string, route: PlatformRoute, call: PlatformCall): Promise<T> {
    return JSON.parse(await readText(await this.#send(method, route, call))) as T;
  }

  /** The objects of an NDJSON stream. @throws PlatformRefusal; PlatformAway when it ends early */
  async *stream<T extends object>(route: PlatformRoute, call: PlatformCall): AsyncGenerator<T> {
    const response = await this.#send("GET", route, call);
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          if (line === "") continue;
          const item = JSON.parse(line) as T | StreamError;
          if ("error" in item && !("type" in item)) throw new PlatformRefusal(500, item.error as ApiError);
          yield item as T;
        }
      }
    } catch (error) {
      if (error instanceof PlatformRefusal) throw error;
      throw new PlatformAway("The connection to the platform ended", { cause: error });
    } finally {
      response.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(method: string, route: PlatformRoute, call: PlatformCall): Promise<IncomingMessage> {
    const { body, part, signal } = call;
    const text = body === undefined ? part?.gzipped : Buffer.from(JSON.stringify(body));
    const gateway = await this.#connection.gatewayToken?.();
    const proof = `Bearer ${call.token}`;
    const options: RequestOptions = {
      method,
      agent: this.#agent as Agent,
      timeout: SILENCE_MILLIS,
      headers: {
        [PROOF_HEADER]: proof,
        authorization: gateway === undefined ? proof : `Bearer ${gateway}`,
        ...(text === undefined ? {} : { "content-type": "application/json", "content-length": text.length }),
        ...(part === undefined
          ? {}
          : { "content-type": "application/octet-stream", "content-encoding": "gzip" }),
      },
      ...(signal === undefined ? {} : { signal }),
    };
    const url = this.#urlOf(route, call);
    const request = this.#secure ? secureRequest(url, options) : http.request(url, options);
    request.on("timeout", () => request.destroy(new Error(`no answer within ${SILENCE_MILLIS / 1000} s`)));
    const answered = once(request, "response") as Promise<[IncomingMessage]>;
    // Awaited below, after the body; until then nobody else hears of a failure.
    answered.catch(() => {});
    request.end(text);
    const [response] = await answered.catch((cause: unknown) => {
      throw new PlatformAway(`The platform does not answer: ${(cause as Error).message}`, { cause });
    });
    if ((response.statusCode ?? 500) < 400) return response;
    throw await refusalOf(response);
  }

  #urlOf(route: PlatformRoute, { name, part, query = {} }: PlatformCall): URL {
    const params: Readonly<Record<string, string>> = {
      ...name,
      ...(part === undefined ? {} : { digest: part.digest }),
    };
    const path = PLATFORM_ROUTES[route].replaceAll(/:(\w+)/g, (_, key: string) =>
      encodeURIComponent(params[key] ?? ""),
    );
    const url = new URL(`${this.#connection.url.replace(/\/$/, "")}${path}`);
    for (const [key, value] of Object.entries(query)) url.searchParams.append(key, String(value));
    return url;
  }
}

/** The platform's own words, or those of the API server before it. */
async function refusalOf(response: IncomingMessage): Promise<PlatformRefusal | PlatformAway> {
  const status = response.statusCode ?? 500;
  const text = await readText(response);
  try {
    const error = JSON.parse(text) as Partial<ApiError>;
    if (typeof error.message === "string") {
      if (typeof error.code === "string") return new PlatformRefusal(status, error as ApiError);
      // It will not let this process through later either.
      if (status === 403) return new PlatformRefusal(status, { code: "Forbidden", message: error.message });
    }
  } catch {
    // No words of the platform's: whoever stands before it answers.
  }
  return new PlatformAway(`The platform cannot be reached (HTTP ${status})`);
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (cause) {
    throw new PlatformAway("The connection to the platform ended", { cause });
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A refusal as the git server passes it on. */
export function passedOn(error: unknown): GitServerError {
  if (error instanceof PlatformAway)
    return new GitServerError("Unavailable", `Cannot ask the platform: ${error.message}`, {
      hint: "It is starting or restarting: try again in a moment",
      cause: error,
    });
  if (!(error instanceof PlatformRefusal)) throw error;
  const { status, message, hint } = error;
  const code = (
    {
      401: "Unauthorized",
      403: "Forbidden",
      404: "NotFound",
      422: "Invalid",
      429: "TooManyRequests",
    } as const
  )[status as 401];
  return new GitServerError(code ?? "PlatformFailed", message, { hint, cause: error });
}
