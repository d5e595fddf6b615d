import {
  type DeepReadonly,
  type KubeObject,
  type ResourceType,
  resourcePath,
  StatusError,
} from "@jdos/apimachinery";
import { systemClock } from "@jdos/component-base";
import type {
  Client,
  DeleteOptions,
  ListOptions,
  NamespacedName,
  ObjectList,
  Patch,
  PatchOptions,
  RawRequest,
  Stored,
  UpdateOptions,
  UserInfo,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "../client.ts";
import { ServedClient } from "../discovery/served-client.ts";
import { TransportError } from "../errors.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { refusal } from "./refusal.ts";
import {
  deleteBody,
  impersonation,
  PATCH_CONTENT_TYPES,
  type Query,
  queryString,
  withType,
  writeQuery,
} from "./request-parts.ts";
import { Transport, type TransportRequest, type TransportResponse } from "./transport.ts";
import { typed, watchEvents } from "./watch-stream.ts";

export interface HttpClientOptions {
  /** "https://127.0.0.1:7443"; a path is kept as a prefix. */
  server: string;
  /** PEM. Defaults to the authorities Node trusts. */
  ca?: string;
  /** PEM, with `key`: the client's certificate. */
  cert?: string;
  key?: string;
  /** A bearer token, or a function that reads the present one. */
  token?: string | (() => string | Promise<string>);
  /** Checked against the server's certificate instead of its host name. */
  serverName?: string;
  insecureSkipVerify?: boolean;
  /** Act as this user at each call. */
  impersonate?: UserInfo;
  /** For one answer; watches and raw streams are not limited. Defaults to 60. */
  timeoutSeconds?: number;
  /** Calls a second on average. Defaults to no limit. */
  queriesPerSecond?: number;
  /** Calls at once before queriesPerSecond applies. Defaults to twice that. */
  burst?: number;
  userAgent?: string;
  /** Told of what the server warns of (deprecated fields and versions). */
  onWarning?(text: string): void;
}

interface Call {
  method: string;
  path: string;
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  body?: object | string;
  signal?: AbortSignal;
  streaming?: boolean;
}

/** Times an answer of 429 (or 503 with Retry-After) is waited out. */
const MAX_RETRIES = 5;

/**
 * The Kubernetes API over HTTP, on connections that are kept alive. Kinds are read and written in their newest
 * shape, whichever version the server serves.
 */
export function createHttpClient(options: HttpClientOptions): Client {
  const perSecond = options.queriesPerSecond;
  const limiter =
    perSecond === undefined
      ? undefined
      : new RateLimiter({ perSecond, burst: options.burst ?? perSecond * 2, clock: systemClock });
  const client = new HttpClient({
    options,
    transport: new Transport(options),
    limiter,
    owner: true,
    user: options.impersonate,
  });
  return new ServedClient(client);
}

interface Parts {
  options: HttpClientOptions;
  transport: Transport;
  limiter: RateLimiter | undefined;
  /** Whether close() also closes the connections, which impersonating clients share. */
  owner: boolean;
  user: UserInfo | undefined;
}

class HttpClient implements Client {
  readonly #parts: Parts;
  readonly #closing = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async get<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    options: { signal?: AbortSignal } = {},
  ): Promise<Stored<T>> {
    return this.#object(type, { method: "GET", path: resourcePath(type, key), signal: options.signal });
  }

  async list<T extends KubeObject>(type: ResourceType<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { signal, namespace, ...query } = options;
    const answer = await this.#json({
      method: "GET",
      path: resourcePath(type, { namespace }),
      query,
      signal,
    });
    const { items, metadata } = answer as { items: object[] | null; metadata: ObjectList<T>["metadata"] };
    return Object.freeze({
      items: Object.freeze((items ?? []).map((item) => typed(type, item))),
      metadata: Object.freeze(metadata),
    });
  }

  async create<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | DeepReadonly<T>,
    options: WriteOptions = {},
  ): Promise<Stored<T>> {
    const path = resourcePath(type, { namespace: (object as KubeObject).metadata?.namespace });
    return this.#object(type, {
      method: "POST",
      path,
      query: writeQuery(options),
      body: withType(type, object),
      signal: options.signal,
    });
  }

  async update<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | DeepReadonly<T> | Stored<T>,
    options: UpdateOptions = {},
  ): Promise<Stored<T>> {
    const { namespace, name } = (object as KubeObject).metadata ?? {};
    const path = resourcePath(type, { namespace, name: name ?? "", subresource: options.subresource });
    return this.#object(type, {
      method: "PUT",
      path,
      query: writeQuery(options),
      body: withType(type, object),
      signal: options.signal,
    });
  }

  async patch<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<Stored<T>> {
    const body = patch.type === "apply" ? withType(type, patch.body) : patch.body;
    return this.#object(type, {
      method: "PATCH",
      path: resourcePath(type, { ...key, subresource: options.subresource }),
      query: { ...writeQuery(options), force: options.force },
      headers: { "content-type": PATCH_CONTENT_TYPES[patch.type] },
      body,
      signal: options.signal,
    });
  }

  async delete<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#json({
      method: "DELETE",
      path: resourcePath(type, key),
      body: deleteBody(options),
      signal: options.signal,
    });
  }

  async deleteCollection<T extends KubeObject>(
    type: ResourceType<T>,
    options: DeleteOptions & Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector">,
  ): Promise<void> {
    const { namespace, labelSelector, fieldSelector, signal } = options;
    const path = resourcePath(type, { namespace });
    await this.#json({
      method: "DELETE",
      path,
      query: { labelSelector, fieldSelector },
      body: deleteBody(options),
      signal,
    });
  }

  async watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: WatchOptions = {},
  ): Promise<AsyncIterable<WatchEvent<T>>> {
    const { signal, namespace, ...query } = options;
    const answer = await this.#call({
      method: "GET",
      path: resourcePath(type, { namespace }),
      query: { ...query, watch: true },
      signal,
      streaming: true,
    });
    return this.#ending(watchEvents(type, answer.body), signal);
  }

  async createSubresource(
    type: ResourceType,
    key: NamespacedName,
    subresource: string,
    body: KubeObject,
    options: WriteOptions = {},
  ): ReturnType<Client["createSubresource"]> {
    const path = resourcePath(type, { ...key, subresource });
    const answer = await this.#json({
      method: "POST",
      path,
      query: writeQuery(options),
      body,
      signal: options.signal,
    });
    return Object.freeze(answer) as Awaited<ReturnType<Client["createSubresource"]>>;
  }

  async raw(request: RawRequest): ReturnType<Client["raw"]> {
    const answer = await this.#call({ ...request, method: request.method ?? "GET", streaming: true });
    return {
      status: answer.status,
      headers: answer.headers,
      body: this.#ending(answer.body, request.signal),
    };
  }

  async connect(request: RawRequest): ReturnType<Client["connect"]> {
    await this.#parts.limiter?.wait(request.signal);
    const outgoing = this.#outgoing({ ...request, method: request.method ?? "GET" });
    const answer = await this.#parts.transport.upgrade(outgoing);
    if ("socket" in answer) return answer;
    throw await refusal(answer.response);
  }

  impersonate(user: UserInfo): Client {
    return new HttpClient({ ...this.#parts, owner: false, user });
  }

  async close(): Promise<void> {
    this.#closing.abort(
      new TransportError("Cannot go on: the client is closed", { hint: "Make a new client" }),
    );
    if (this.#parts.owner) await this.#parts.transport.close();
  }

  async #object<T extends KubeObject>(type: ResourceType<T>, call: Call): Promise<Stored<T>> {
    return typed(type, await this.#json(call));
  }

  async #json(call: Call): Promise<object> {
    const answer = await this.#call(call);
    try {
      return JSON.parse(await answer.body.text()) as object;
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      throw this.#parts.transport.failure(error);
    }
  }

  async #call(call: Call): Promise<TransportResponse> {
    for (let attempt = 0; ; attempt++) {
      await this.#parts.limiter?.wait(call.signal);
      const answer = await this.#parts.transport.send(this.#outgoing(call));
      this.#warn(answer);
      if (answer.status < 400) return answer;
      const error = await refusal(answer);
      const waitSeconds = Number(answer.headers["retry-after"]);
      const busy = answer.status === 429 || answer.status === 503;
      if (!busy || !(waitSeconds >= 0) || attempt >= MAX_RETRIES) throw error;
      await systemClock.sleep(waitSeconds * 1000, call.signal);
    }
  }

  #outgoing({ method, path, query, headers, body, signal, streaming }: Call): TransportRequest {
    const signals =
      signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    return {
      method,
      path: `${path}${queryString(query)}`,
      headers: {
        accept: "application/json",
        ...(typeof body === "object" ? { "content-type": "application/json" } : {}),
        ...impersonation(this.#parts.user),
        ...headers,
      },
      body: typeof body === "object" ? JSON.stringify(body) : body,
      // A signal of every call's own would cost a listener each; short calls end when the connections close.
      signal: streaming === true || signal !== undefined ? signals : undefined,
      streaming,
    };
  }

  #warn(answer: TransportResponse): void {
    const header = answer.headers.warning;
    const { onWarning } = this.#parts.options;
    if (header === undefined || onWarning === undefined) return;
    for (const [, text] of header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g))
      onWarning(text!.replace(/\\(.)/g, "$1"));
  }

  /** A stream that ends quietly when it is aborted, and says TransportError when the connection broke. */
  async *#ending<E>(stream: AsyncIterable<E>, signal: AbortSignal | undefined): AsyncGenerator<E> {
    try {
      yield* stream;
    } catch (error) {
      if (signal?.aborted || this.#closing.signal.aborted) return;
      if (error instanceof StatusError) throw error;
      throw this.#parts.transport.failure(error);
    }
  }
}
