import {
  type DeepReadonly,
  type KubeObject,
  type ResourceType,
  resourcePath,
  StatusError,
} from "@jdos/apimachinery";
import { type Metrics, systemClock } from "@jdos/component-base";
import type {
  CallOptions,
  Client,
  DeleteOptions,
  GuardedCall,
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
import { Caller } from "./caller.ts";
import { type ClientMetrics, createClientMetrics } from "./client-metrics.ts";
import type { CredentialOptions } from "./credentials.ts";
import { decodeList, decodeObject } from "./decode.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { refusal } from "./refusal.ts";
import { deleteBody, PATCH_CONTENT_TYPES, withType, writeQuery } from "./request-parts.ts";
import { Transport } from "./transport.ts";
import { watchEvents } from "./watch-stream.ts";

export interface HttpClientOptions extends CredentialOptions {
  /** "https://127.0.0.1:7443"; a path is kept as a prefix. */
  server: string;
  /** Checked against the server's certificate instead of its host name. */
  serverName?: string;
  insecureSkipVerify?: boolean;
  /** Act as this user at each call. */
  impersonate?: UserInfo;
  /**
   * For the head of an answer, and for any pause in it; an answer takes at most five times that. Raw streams are
   * not limited; of a watch only the head is, and its silence by watchSilenceSeconds. Defaults to 60.
   */
  timeoutSeconds?: number;
  /**
   * A watch with bookmarks on which nothing came for so long (a tenth more or less) is cut. Defaults to 150: the API
   * server sends a bookmark about every minute.
   */
  watchSilenceSeconds?: number;
  /** Calls a second on average, leases apart. Defaults to 500; Infinity for no limit. */
  queriesPerSecond?: number;
  /** Calls at once before queriesPerSecond applies. Defaults to twice that. */
  burst?: number;
  userAgent?: string;
  /** Where requests, retries and waits are counted. Defaults to nowhere. */
  metrics?: Metrics;
  /** Told of what the server warns of (deprecated fields and versions). */
  onWarning?(text: string): void;
}

const DEFAULT_QUERIES_PER_SECOND = 500;

/**
 * The Kubernetes API over HTTP, on connections that are kept alive. Kinds are read and written in their newest
 * shape, whichever version the server serves.
 */
export function createHttpClient(options: HttpClientOptions): Client {
  const { queriesPerSecond: perSecond = DEFAULT_QUERIES_PER_SECOND, metrics } = options;
  const client = new HttpClient({
    options,
    transport: new Transport(options),
    limiter: Number.isFinite(perSecond)
      ? new RateLimiter({ perSecond, burst: options.burst ?? perSecond * 2, clock: systemClock })
      : undefined,
    metrics: metrics === undefined ? undefined : createClientMetrics(metrics),
    owner: true,
    user: options.impersonate,
  });
  return new ServedClient(client);
}

interface Parts {
  options: HttpClientOptions;
  transport: Transport;
  limiter: RateLimiter | undefined;
  metrics: ClientMetrics | undefined;
  /** Whether close() also closes the connections, which impersonating clients share. */
  owner: boolean;
  user: UserInfo | undefined;
}

class HttpClient implements Client {
  readonly #parts: Parts;
  readonly #caller: Caller;
  readonly #closing = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
    const { transport, limiter, metrics, user, options } = parts;
    this.#caller = new Caller({
      transport,
      limiter,
      metrics,
      user,
      closing: this.#closing.signal,
      onWarning: options.onWarning && ((text) => options.onWarning?.(text)),
    });
  }

  async get<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    options: { signal?: AbortSignal } = {},
  ): Promise<Stored<T>> {
    const path = resourcePath(type, key);
    const answer = await this.#caller.json({ verb: "get", method: "GET", path, signal: options.signal });
    return decodeObject(type, answer, key);
  }

  async list<T extends KubeObject>(type: ResourceType<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { signal, namespace, ...query } = options;
    const path = resourcePath(type, { namespace });
    return decodeList(type, await this.#caller.json({ verb: "list", method: "GET", path, query, signal }));
  }

  async create<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | DeepReadonly<T>,
    options: WriteOptions = {},
  ): Promise<Stored<T>> {
    const path = resourcePath(type, { namespace: (object as KubeObject).metadata?.namespace });
    const answer = await this.#caller.json({
      verb: "create",
      method: "POST",
      path,
      query: writeQuery(options),
      body: withType(type, object),
      ...control(options),
    });
    return decodeObject(type, answer);
  }

  async update<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | DeepReadonly<T> | Stored<T>,
    options: UpdateOptions = {},
  ): Promise<Stored<T>> {
    const { namespace, name = "" } = (object as KubeObject).metadata ?? {};
    const path = resourcePath(type, { namespace, name, subresource: options.subresource });
    const answer = await this.#caller.json({
      verb: "update",
      method: "PUT",
      path,
      query: writeQuery(options),
      body: withType(type, object),
      ...control(options),
    });
    return decodeObject(type, answer, { namespace, name });
  }

  async patch<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<Stored<T>> {
    const body = patch.type === "apply" ? withType(type, patch.body) : patch.body;
    const answer = await this.#caller.json({
      verb: "patch",
      method: "PATCH",
      path: resourcePath(type, { ...key, subresource: options.subresource }),
      query: { ...writeQuery(options), force: options.force },
      headers: { "content-type": PATCH_CONTENT_TYPES[patch.type] },
      body,
      ...control(options),
    });
    return decodeObject(type, answer, key);
  }

  async delete<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#caller.json({
      verb: "delete",
      method: "DELETE",
      path: resourcePath(type, key),
      body: deleteBody(options),
      ...control(options),
    });
  }

  async deleteCollection<T extends KubeObject>(
    type: ResourceType<T>,
    options: DeleteOptions & Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector">,
  ): Promise<void> {
    const { namespace, labelSelector, fieldSelector } = options;
    const path = resourcePath(type, { namespace });
    await this.#caller.json({
      verb: "deletecollection",
      method: "DELETE",
      path,
      query: { labelSelector, fieldSelector },
      body: deleteBody(options),
      ...control(options),
    });
  }

  async watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: WatchOptions = {},
  ): Promise<AsyncIterable<WatchEvent<T>>> {
    const { signal, namespace, ...query } = options;
    const answer = await this.#caller.stream({
      verb: "watch",
      method: "GET",
      path: resourcePath(type, { namespace }),
      query: { ...query, watch: true },
      signal,
      answer: options.allowWatchBookmarks === true ? "marked-watch" : "watch",
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
    const answer = await this.#caller.json({
      verb: "create",
      method: "POST",
      path,
      query: writeQuery(options),
      body,
      ...control(options),
    });
    return Object.freeze(answer) as Awaited<ReturnType<Client["createSubresource"]>>;
  }

  async raw(request: RawRequest): ReturnType<Client["raw"]> {
    const { method = "GET" } = request;
    const answer = await this.#caller.stream({ ...request, verb: "raw", method, answer: "raw" });
    return {
      status: answer.status,
      headers: answer.headers,
      body: this.#ending(answer.body, request.signal),
    };
  }

  async connect(request: RawRequest): ReturnType<Client["connect"]> {
    const { method = "GET" } = request;
    // Kubernetes 1.20 answers 406 to an upgrade that accepts JSON alone.
    const headers = { accept: "*/*", ...request.headers };
    const opened = await this.#caller.upgrade({
      ...request,
      headers,
      verb: "connect",
      method,
      answer: "raw",
    });
    if ("socket" in opened) return opened;
    const body = await this.#parts.transport.read(opened.response).catch(() => Buffer.alloc(0));
    throw refusal(opened.response, body);
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

  /** A stream that ends quietly when it is aborted, and says TransportError when the connection broke. */
  async *#ending<E>(stream: AsyncIterable<E>, signal: AbortSignal | undefined): AsyncGenerator<E> {
    try {
      yield* stream;
    } catch (error) {
      if (signal?.aborted || this.#closing.signal.aborted) return;
      if (error instanceof StatusError) throw error;
      throw this.#parts.transport.streamFailure(error);
    }
  }
}

/** What may stop a write. */
function control({ signal, guard }: CallOptions & GuardedCall): CallOptions & GuardedCall {
  return { signal, guard };
}
