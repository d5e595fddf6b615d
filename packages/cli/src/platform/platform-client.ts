import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
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
  stream: Readable;
  contentType: string;
  sizeBytes: number;
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
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async call<T>(method: string, route: PlatformRoute, options: CallOptions = {}): Promise<T> {
    const response = await this.#send(method, route, options);
    return JSON.parse(await readText(response)) as T;
  }

  /** The objects of an NDJSON stream. @throws ConnectionLost when it ends without its end */
  async *stream<T extends object>(route: PlatformRoute, options: CallOptions = {}): AsyncGenerator<T> {
    const response = await this.#send("GET", route, options);
    try {
      for await (const line of lines(response)) {
        if (line === "") continue;
        const item = JSON.parse(line) as T | StreamError;
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

  async upload<T>(
    route: PlatformRoute,
    { stream, contentType, sizeBytes, ...options }: UploadOptions,
  ): Promise<T> {
    const headers = { "content-type": contentType, "content-length": String(sizeBytes) };
    const response = await this.#send("POST", route, options, { headers, stream });
    return JSON.parse(await readText(response)) as T;
  }

  urlOf(route: PlatformRoute, { params = {}, query = {} }: CallOptions): URL {
    const path = PLATFORM_ROUTES[route].replaceAll(/:(\w+)/g, (_, name: string) =>
      encodeURIComponent(params[name] ?? ""),
    );
    const url = new URL(path, this.connection.url);
    for (const [name, value] of Object.entries(query)) {
      for (const item of Array.isArray(value) ? value : [value])
        if (item !== undefined) url.searchParams.append(name, String(item));
    }
    return url;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(
    method: string,
    route: PlatformRoute,
    options: CallOptions,
    upload?: { headers: Record<string, string>; stream: Readable },
  ): Promise<IncomingMessage> {
    const body = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    const call = http.request(this.urlOf(route, options), {
      method,
      agent: this.#agent,
      headers: {
        authorization: `Bearer ${this.connection.token}`,
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": String(body.length) }),
        ...upload?.headers,
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const answered = once(call, "response") as Promise<[IncomingMessage]>;
    if (upload === undefined) call.end(body);
    else upload.stream.pipe(call);
    const [response] = await answered.catch((error) => {
      if (options.signal?.aborted === true) throw error;
      if (error.code === "ECONNREFUSED") throw notRunning(`nothing answers at ${this.connection.url}`, error);
      throw new ConnectionLost(error);
    });
    if ((response.statusCode ?? 500) < 400) return response;
    upload?.stream.unpipe(call);
    throw await refusalOf(response);
  }
}

async function refusalOf(response: IncomingMessage): Promise<CliError> {
  const text = await readText(response);
  try {
    const error = JSON.parse(text) as Partial<ApiError>;
    if (typeof error.code === "string" && typeof error.message === "string")
      return CliError.fromApi(error as ApiError);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new CliError(
    "InternalError",
    `Cannot understand the platform: it answers HTTP ${response.statusCode}`,
    {
      hint: "Something else may listen on the platform's port",
    },
  );
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
