import type { Duplex } from "node:stream";
import type { Dispatcher, Pool } from "undici";
import { TransportError } from "../errors.ts";
import type { HttpClientOptions } from "./http-client.ts";

export interface TransportRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string | string[]>>;
  body?: string;
  signal?: AbortSignal;
  /** No limit on how long the answer may take or pause. */
  streaming?: boolean;
}

export interface TransportResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: AsyncIterable<Uint8Array> & { text(): Promise<string> };
}

const DEFAULT_TIMEOUT_SECONDS = 60;

/** Kept-alive connections to one server. */
export class Transport {
  readonly #options: HttpClientOptions;
  readonly #origin: URL;
  #pool: Promise<Pool> | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#origin = new URL(options.server);
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    const pool = await this.#connected();
    const timeout =
      request.streaming === true ? 0 : (this.#options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
    try {
      const answer = await pool.request({
        method: request.method as Dispatcher.HttpMethod,
        path: this.#path(request.path),
        headers: { ...(await this.#credentials()), ...request.headers },
        body: request.body,
        signal: request.signal,
        // Without it a DELETE that carries options costs its connection.
        reset: false,
        headersTimeout: timeout,
        bodyTimeout: timeout,
      });
      return { status: answer.statusCode, headers: flatten(answer.headers), body: answer.body };
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      throw this.failure(error);
    }
  }

  /** Opens an upgraded connection: its own socket, outside the pool. */
  async upgrade(
    request: TransportRequest,
  ): Promise<{ response: TransportResponse } | { headers: Record<string, string>; socket: Duplex }> {
    const { request: open } =
      this.#origin.protocol === "https:" ? await import("node:https") : await import("node:http");
    const credentials = await this.#credentials();
    return new Promise((resolve, reject) => {
      const outgoing = open({
        ...this.#tls(),
        agent: false,
        host: this.#origin.hostname.replace(/^\[|\]$/g, ""),
        port: this.#origin.port || (this.#origin.protocol === "https:" ? 443 : 80),
        method: request.method,
        path: this.#path(request.path),
        headers: { ...credentials, ...request.headers },
        signal: request.signal,
      });
      outgoing.on("upgrade", (answer, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve({ headers: flatten(answer.headers), socket });
      });
      outgoing.on("response", (answer) => {
        const text = async (): Promise<string> => {
          const chunks: Buffer[] = [];
          for await (const chunk of answer) chunks.push(chunk as Buffer);
          return Buffer.concat(chunks).toString("utf8");
        };
        resolve({
          response: {
            status: answer.statusCode ?? 0,
            headers: flatten(answer.headers),
            body: Object.assign(answer, { text }),
          },
        });
      });
      outgoing.on("error", (error) =>
        reject(request.signal?.aborted ? request.signal.reason : this.failure(error)),
      );
      outgoing.end(request.body);
    });
  }

  async close(): Promise<void> {
    const pool = await this.#pool;
    await pool?.destroy();
  }

  failure(cause: unknown): TransportError {
    const why = cause instanceof Error ? cause.message || cause.name : String(cause);
    return new TransportError(`Cannot reach the Kubernetes API at "${this.#options.server}": ${why}`, {
      cause,
    });
  }

  /** Loaded at first use: a process that only has clients in process does not pay for it. */
  #connected(): Promise<Pool> {
    this.#pool ??= import("undici").then(
      ({ Pool }) =>
        new Pool(this.#origin.origin, { connect: this.#tls(), allowH2: false, keepAliveTimeout: 30_000 }),
    );
    return this.#pool;
  }

  #tls(): { ca?: string; cert?: string; key?: string; servername?: string; rejectUnauthorized?: boolean } {
    const { ca, cert, key, serverName, insecureSkipVerify } = this.#options;
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
    };
  }

  #path(path: string): string {
    const prefix = this.#origin.pathname.replace(/\/$/, "");
    return `${prefix}${path}`;
  }

  async #credentials(): Promise<Record<string, string>> {
    const { token, userAgent = "jdos" } = this.#options;
    const value = typeof token === "function" ? await token() : token;
    return { "user-agent": userAgent, ...(value === undefined ? {} : { authorization: `Bearer ${value}` }) };
  }
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}
