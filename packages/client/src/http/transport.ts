import type { Duplex } from "node:stream";
import { type Clock, systemClock } from "@jdos/component-base";
import type { Dispatcher, Pool } from "undici";
import type { GuardedCall } from "../client.ts";
import { GarbledError, SilentError, TransportError } from "../errors.ts";
import { Credentials, type TlsMaterial } from "./credentials.ts";
import type { HttpClientOptions } from "./http-client.ts";

export interface TransportRequest extends GuardedCall {
  method: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string | string[]>>;
  body?: string;
  signal?: AbortSignal;
  /**
   * Defaults to "whole": the answer comes within the timeout and without long pauses. "watch": its head does.
   * "marked-watch": its head does, and bookmarks keep it from ever being silent for long. "raw": no limits.
   */
  answer?: "whole" | "watch" | "marked-watch" | "raw";
}

export interface TransportResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: AsyncIterable<Uint8Array> & { destroy(error?: Error): unknown };
}

type ConnectOptions = TlsMaterial & { servername?: string; rejectUnauthorized?: boolean };

const DEFAULT_TIMEOUT_SECONDS = 60;
/** The API server sends a bookmark about every minute: two may be missed. */
const DEFAULT_SILENCE_SECONDS = 150;
const CONNECT_SECONDS = 10;
/** A long list may take several times the timeout as long as it keeps coming. */
const MAX_TIMEOUTS = 5;

/** Kept-alive connections to one server. */
export class Transport {
  readonly credentials: Credentials;
  readonly #options: HttpClientOptions;
  readonly #origin: URL;
  readonly #timeoutMillis: number;
  readonly #clock: Clock;
  #pool: { tls: TlsMaterial; opened: Promise<Pool>; openedMillis: number } | undefined;
  /** Pools that get no new calls: what runs on them may end. */
  readonly #retired = new Set<Pool>();
  #closed = false;

  constructor(options: HttpClientOptions, clock: Clock = systemClock) {
    this.#options = options;
    this.#clock = clock;
    this.#origin = new URL(options.server);
    this.#timeoutMillis = (options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
    this.credentials = new Credentials(options, clock);
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    const pool = await this.#connected();
    const guard = request.guard && remembering(request.guard);
    const dispatcher = guard === undefined ? pool : pool.compose(checkedAtStart(guard.check));
    try {
      const answer = await dispatcher.request({
        method: request.method as Dispatcher.HttpMethod,
        path: this.#path(request.path),
        headers: { ...(await this.#headers()), ...request.headers },
        body: request.body,
        signal: request.signal,
        // Without it a DELETE that carries options costs its connection.
        reset: false,
        ...this.#limits(request.answer),
      });
      return { status: answer.statusCode, headers: flatten(answer.headers), body: answer.body };
    } catch (error) {
      if (guard?.refusal !== undefined) throw guard.refusal;
      if (request.signal?.aborted) throw request.signal.reason;
      throw this.failure(error);
    }
  }

  /**
   * The whole body of an answer.
   * @throws TransportError when it breaks off, pauses for too long, or takes several timeouts in all
   */
  async read({ body }: TransportResponse): Promise<Buffer> {
    const late = setTimeout(
      () => body.destroy(new Error("the answer takes too long")),
      MAX_TIMEOUTS * this.#timeoutMillis,
    );
    try {
      return Buffer.concat(await Array.fromAsync(body));
    } catch (error) {
      throw this.failure(error);
    } finally {
      clearTimeout(late);
    }
  }

  #limits(answer: TransportRequest["answer"] = "whole"): { headersTimeout: number; bodyTimeout: number } {
    if (answer === "raw") return { headersTimeout: 0, bodyTimeout: 0 };
    const headersTimeout = this.#timeoutMillis;
    if (answer === "whole") return { headersTimeout, bodyTimeout: headersTimeout };
    if (answer === "watch") return { headersTimeout, bodyTimeout: 0 };
    const silenceSeconds = this.#options.watchSilenceSeconds ?? DEFAULT_SILENCE_SECONDS;
    // Watches that one dead connection silenced do not come back together.
    const spread = 0.9 + 0.2 * Math.random();
    return { headersTimeout, bodyTimeout: Math.ceil(silenceSeconds * 1000 * spread) };
  }

  /** Opens an upgraded connection: its own socket, outside the pool. */
  async upgrade(
    request: TransportRequest,
  ): Promise<{ response: TransportResponse } | { headers: Record<string, string>; socket: Duplex }> {
    const { request: open } =
      this.#origin.protocol === "https:" ? await import("node:https") : await import("node:http");
    const [tls, credentials] = await Promise.all([this.#tls(), this.#headers()]);
    return new Promise((resolve, reject) => {
      const outgoing = open({
        ...tls,
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
        resolve({
          response: {
            status: answer.statusCode ?? 0,
            headers: flatten(answer.headers),
            body: answer,
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
    this.#closed = true;
    const pools = [await this.#pool?.opened.catch(() => undefined), ...this.#retired];
    await Promise.all(pools.map((pool) => pool?.destroy()));
  }

  /** What went wrong below HTTP, in this package's words. */
  failure(cause: unknown): TransportError {
    if (cause instanceof TransportError) return cause;
    this.#distrustIdle(cause);
    const { code } = cause as { code?: unknown };
    const why = cause instanceof Error ? cause.message || cause.name : String(cause);
    const server = this.#options.server;
    if (
      typeof code === "string" &&
      (code.startsWith("HPE_") || code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH")
    )
      return new GarbledError(`Cannot read the answer of "${server}": ${why}`, { cause });
    return new TransportError(`Cannot reach the Kubernetes API at "${server}": ${why}`, { cause });
  }

  /**
   * What one connection suffered, those that lie idle may have too: after a time-out the next call gets a fresh
   * one. At most once a second, for a slow server is not made quicker by handshakes.
   */
  #distrustIdle(cause: unknown): void {
    const { code } = cause as { code?: unknown };
    if (code !== "UND_ERR_HEADERS_TIMEOUT" && code !== "UND_ERR_BODY_TIMEOUT") return;
    const pool = this.#pool;
    if (pool === undefined || this.#clock.monotonicMillis() - pool.openedMillis < 1000) return;
    this.#pool = undefined;
    void this.#retire(pool.opened);
  }

  /** failure() of a stream: a pause that was too long is silence. */
  streamFailure(cause: unknown): TransportError {
    if ((cause as { code?: unknown }).code !== "UND_ERR_BODY_TIMEOUT") return this.failure(cause);
    this.#distrustIdle(cause);
    const message = `Cannot go on watching "${this.#options.server}": nothing came, not even a bookmark`;
    return new SilentError(message, { cause });
  }

  /**
   * Undici is loaded at first use: a process that only has clients in process does not pay for it. New credentials
   * get new connections; what runs on the old ones, watches above all, ends in its own time.
   */
  async #connected(): Promise<Pool> {
    const tls = await this.credentials.tls();
    if (this.#closed) throw this.failure(new Error("the client is closed"));
    if (this.#pool?.tls !== tls) {
      const old = this.#pool;
      const connect = {
        ...this.#withNames(tls),
        timeout: Math.min(CONNECT_SECONDS * 1000, this.#timeoutMillis),
      };
      const opened = import("undici").then(
        ({ Pool }) => new Pool(this.#origin.origin, { connect, allowH2: false, keepAliveTimeout: 30_000 }),
      );
      this.#pool = { tls, opened, openedMillis: this.#clock.monotonicMillis() };
      if (old !== undefined) void this.#retire(old.opened);
    }
    return this.#pool.opened;
  }

  async #retire(opened: Promise<Pool>): Promise<void> {
    const pool = await opened;
    this.#retired.add(pool);
    await pool.close().catch(() => {});
    this.#retired.delete(pool);
  }

  async #tls(): Promise<ConnectOptions> {
    return this.#withNames(await this.credentials.tls());
  }

  #withNames(tls: TlsMaterial): ConnectOptions {
    const { serverName, insecureSkipVerify } = this.#options;
    return {
      ...tls,
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
    };
  }

  #path(path: string): string {
    const prefix = this.#origin.pathname.replace(/\/$/, "");
    return `${prefix}${path}`;
  }

  async #headers(): Promise<Record<string, string>> {
    const token = await this.credentials.token();
    return {
      "user-agent": this.#options.userAgent ?? "jdos",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }
}

/** A guard, and what it threw. */
function remembering(guard: () => void): { check(): void; refusal: unknown } {
  const state = {
    refusal: undefined as unknown,
    check: () => {
      try {
        guard();
      } catch (error) {
        state.refusal = error;
        throw error;
      }
    },
  };
  return state;
}

/**
 * Calls `check` when a connection is there and the request's first byte is about to be written to it: a process may
 * be stopped for long between asking for that and being there.
 */
function checkedAtStart(check: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const start = handler.onRequestStart;
    handler.onRequestStart = (controller, context) => {
      check();
      start?.call(handler, controller, context);
    };
    return dispatch(options, handler);
  };
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}
