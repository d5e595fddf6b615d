import { once } from "node:events";
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Agent as SecureAgent } from "node:https";
import { type ApiError, PLATFORM_ROUTES, type PlatformRoute, type StreamError } from "@jdos/api/platform-api";
import { http } from "@jdos/component-base/http";
import { CliError } from "../errors.ts";
import { type Connection, notRunning } from "./connection.ts";
import { lines } from "./lines.ts";

export type QueryValue = string | number | boolean | readonly string[] | undefined;

export interface CallOptions {
  params?: Readonly<Record<string, string | number>>;
  query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
}

export interface UploadOptions extends CallOptions {
  bytes: Buffer;
  headers: Readonly<Record<string, string>>;
}

/** The connection ended on the way: the platform restarts, or was stopped. */
export class ConnectionLost extends CliError {
  constructor(cause: unknown) {
    super("ConnectionLost", "Cannot go on: the connection to the platform ended", {
      hint: "See whether it runs: jdos status",
      cause,
    });
  }
}

/** The HTTP API for people, as a person's program sees it. */
export class PlatformClient {
  readonly connection: Connection;
  #agent: Agent | SecureAgent | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async call<T>(method: string, route: PlatformRoute, options: CallOptions = {}): Promise<T> {
    return this.#object(await this.#send(method, route, options));
  }

  /** The objects of an NDJSON stream. @throws ConnectionLost when it ends without its end */
  async *stream<T extends object>(route: PlatformRoute, options: CallOptions = {}): AsyncGenerator<T> {
    const response = await this.#send("GET", route, { ...options, streams: true });
    try {
      for await (const line of lines(response)) {
        if (line === "") continue;
        const item = await this.#parsed<T | StreamError>(line, response);
        if ("error" in item && !("type" in item)) throw CliError.fromApi((item as StreamError).error);
        yield item as T;
      }
    } catch (error) {
      if (options.signal?.aborted === true) return;
      if (isConnectionError(error)) throw new ConnectionLost(error);
      throw error;
    } finally {
      response.destroy();
    }
  }

  async upload<T>(route: PlatformRoute, { bytes, headers, ...options }: UploadOptions): Promise<T> {
    return this.#object(await this.#send("POST", route, options, { bytes, headers }));
  }

  async #object<T>(response: IncomingMessage): Promise<T> {
    return this.#parsed<T>(await readText(response), response);
  }

  async #parsed<T>(text: string, { statusCode = 500 }: IncomingMessage): Promise<T> {
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw await foreign(this.connection, statusCode, cause);
    }
  }

  urlOf(route: PlatformRoute, { params = {}, query = {} }: CallOptions): URL {
    const path = PLATFORM_ROUTES[route].replaceAll(/:(\w+)/g, (_, name: string) =>
      encodeURIComponent(params[name] ?? ""),
    );
    const url = new URL(`${this.connection.url.replace(/\/$/, "")}${path}`);
    for (const [name, value] of Object.entries(query)) {
      for (const item of Array.isArray(value) ? value : [value])
        if (item !== undefined) url.searchParams.append(name, String(item));
    }
    return url;
  }

  close(): void {
    this.#agent?.destroy();
  }

  async #send(
    method: string,
    route: PlatformRoute,
    options: CallOptions & { streams?: boolean },
    upload?: Pick<UploadOptions, "bytes" | "headers">,
  ): Promise<IncomingMessage> {
    const body =
      upload?.bytes ?? (options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body)));
    const call = await this.#open(this.urlOf(route, options), {
      method,
      headers: {
        ...(await this.connection.headers()),
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": String(body.length) }),
        ...upload?.headers,
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    limitSilence(call, { streams: options.streams === true });
    const answered = once(call, "response") as Promise<[IncomingMessage]>;
    call.end(body);
    const [response] = await answered.catch(async (error) => {
      if (options.signal?.aborted === true) throw error;
      throw await this.#failure(error);
    });
    if ((response.statusCode ?? 500) < 400) return response;
    throw await refusalOf(response, this.connection);
  }

  async #open(url: URL, options: RequestOptions): Promise<ClientRequest> {
    const agent = { keepAlive: true, maxSockets: 16, timeout: SILENCE_SECONDS * 1000 };
    if (url.protocol !== "https:") {
      this.#agent ??= new http.Agent(agent);
      return http.request(url, { ...options, agent: this.#agent });
    }
    const { Agent: TlsAgent, request: secureRequest } = await import("node:https");
    this.#agent ??= new TlsAgent({ ...agent, ...this.connection.tls });
    return secureRequest(url, { ...options, agent: this.#agent as SecureAgent });
  }

  async #failure(error: NodeJS.ErrnoException): Promise<CliError> {
    const { url, tls } = this.connection;
    if (tls !== undefined) {
      const { clusterFailure } = await import("../cluster/failures.ts");
      const failure = clusterFailure(new URL(url).origin, error);
      if (failure !== undefined) return failure;
    }
    if (error.code === "ETIMEDOUT") return notRunning(`${url} does not answer`, error);
    if (error.code === "ECONNREFUSED") return notRunning(`nothing answers at ${url}`, error);
    return new ConnectionLost(error);
  }
}

/** What an answer of 400 and above says: the platform's own words, or those of the API server before it. */
export async function refusalOf(
  response: IncomingMessage,
  connection: Pick<Connection, "url" | "tls">,
): Promise<CliError> {
  const text = await readText(response);
  try {
    const error = JSON.parse(text) as Partial<ApiError> & { kind?: string };
    if (typeof error.code === "string" && typeof error.message === "string")
      return CliError.fromApi(error as ApiError);
    if (error.kind === "Status") {
      const { gatewayRefusal } = await import("../cluster/gateway-refusal.ts");
      return gatewayRefusal(new URL(connection.url).origin, response.statusCode ?? 500, error.message ?? "");
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return foreign(connection, response.statusCode ?? 500);
}

/** An answer that is nobody's we know. */
async function foreign(
  { url, tls }: Pick<Connection, "url" | "tls">,
  httpStatus: number,
  cause?: unknown,
): Promise<CliError> {
  if (tls !== undefined) {
    const { foreignAnswer } = await import("../cluster/gateway-refusal.ts");
    return foreignAnswer(new URL(url).origin, httpStatus, cause);
  }
  return new CliError(
    "InternalError",
    `Cannot understand the platform at ${url}: it answers HTTP ${httpStatus} with something that is not its own`,
    { hint: "Something else may listen on the platform's port: see jdos status", cause },
  );
}

const CONNECT_SECONDS = 10;
/** For any pause before an answer begins. */
const SILENCE_SECONDS = 60;

/** A stream is only waited for until it is connected: its first line comes when there is something to say. */
function limitSilence(call: ClientRequest, { streams }: { streams: boolean }): void {
  const giveUp = (seconds: number): void => {
    call.destroy(Object.assign(new Error(`no answer in ${seconds} s`), { code: "ETIMEDOUT" }));
  };
  call.on("timeout", () => giveUp(SILENCE_SECONDS));
  call.once("response", () => call.setTimeout(0));
  if (streams) call.setTimeout(0);
  call.once("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => giveUp(CONNECT_SECONDS), CONNECT_SECONDS * 1000);
    socket.once("encrypted" in socket ? "secureConnect" : "connect", () => clearTimeout(timer));
    call.once("close", () => clearTimeout(timer));
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw isConnectionError(error) ? new ConnectionLost(error) : error;
  }
  return Buffer.concat(chunks).toString("utf8");
}

export function isConnectionError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return (
    code !== undefined &&
    ["ECONNRESET", "EPIPE", "ECONNABORTED", "ECONNREFUSED", "UND_ERR_SOCKET"].includes(code)
  );
}
