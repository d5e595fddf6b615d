import type { Duplex } from "node:stream";
import type { DeepReadonly, KubeObject, PersistedMeta, ResourceType } from "@jdos/apimachinery";

/** What a read returns: typed, named, versioned, deeply frozen. */
export type Stored<T extends KubeObject> = DeepReadonly<Omit<T, "apiVersion" | "kind" | "metadata">> & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: DeepReadonly<PersistedMeta>;
};

/** Names an object of a known type. Leave `namespace` out for a cluster-wide Kind. */
export interface NamespacedName {
  namespace?: string;
  name: string;
}

export interface CallOptions {
  signal?: AbortSignal;
}

/** Options of a call that does something. */
export interface GuardedCall {
  /**
   * Called right before the request's first byte leaves, after every wait for a turn, a busy server or a connection;
   * what it throws is thrown and nothing is sent.
   */
  guard?(): void;
}

export interface ListOptions extends CallOptions {
  /** All namespaces when absent or "". */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  /** "0": whatever the server has at hand. */
  resourceVersion?: string;
}

export interface ObjectList<T extends KubeObject> {
  readonly items: readonly Stored<T>[];
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

export interface WatchOptions extends CallOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Events after this revision; absent: the present state first, as ADDED events. */
  resourceVersion?: string;
  /** Asks for a BOOKMARK about every minute; over HTTP, a watch that goes without is then taken for dead. */
  allowWatchBookmarks?: boolean;
  timeoutSeconds?: number;
}

export type WatchEvent<T extends KubeObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: Stored<T> }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export interface WriteOptions extends CallOptions, GuardedCall {
  dryRun?: boolean;
  fieldManager?: string;
  fieldValidation?: "Ignore" | "Warn" | "Strict";
}

export interface UpdateOptions extends WriteOptions {
  /** status, scale, ... */
  subresource?: string;
}

export interface PatchOptions extends UpdateOptions {
  /** Server-side apply only. */
  force?: boolean;
}

/** The four ways a patch is written; `apply` needs a fieldManager. */
export type Patch =
  | {
      readonly type: "json";
      readonly body: readonly { op: string; path: string; value?: unknown; from?: string }[];
    }
  | { readonly type: "merge" | "strategic" | "apply"; readonly body: object };

export interface DeleteOptions extends CallOptions, GuardedCall {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Orphan" | "Background" | "Foreground";
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: boolean;
}

/** A call that has no typed form: discovery, logs, proxies, token reviews. */
export interface RawRequest extends CallOptions, GuardedCall {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Begins with "/". */
  path: string;
  query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  body?: object | string;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it arrives; ends when the server ends it. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The Kubernetes API as its users see it. Two transports implement it and share one contract suite: over HTTP
 * (createHttpClient in this package) and in process (createInProcessClient in @jdos/apiserver).
 *
 * Every method throws StatusError for what the server refuses, TransportError when it cannot be reached, and
 * UnsupportedError when it serves no version of the Kind.
 * Every object returned is frozen; every object given is copied and normalised as JSON would be.
 */
export interface Client {
  get<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    options?: CallOptions,
  ): Promise<Stored<T>>;
  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** The namespace is taken from the object's metadata. */
  create<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | DeepReadonly<T>,
    options?: WriteOptions,
  ): Promise<Stored<T>>;
  /** Needs metadata.resourceVersion for the optimistic lock; without it the write is unconditional. */
  update<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | DeepReadonly<T> | Stored<T>,
    options?: UpdateOptions,
  ): Promise<Stored<T>>;
  patch<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<Stored<T>>;
  /** Returns the object as it was last seen: with finalizers or a grace period it still exists. */
  delete<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    options?: DeleteOptions,
  ): Promise<void>;
  deleteCollection<T extends KubeObject>(
    type: ResourceType<T>,
    options: DeleteOptions & Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector">,
  ): Promise<void>;
  /**
   * Ends when the server ends it or the signal fires; throws StatusError Expired when the revision is too old.
   * The promise settles when the watch is established.
   */
  watch<T extends KubeObject>(
    type: ResourceType<T>,
    options?: WatchOptions,
  ): Promise<AsyncIterable<WatchEvent<T>>>;
  /** POST to a subresource that takes another Kind: binding, eviction, token. Returns the answer's body. */
  createSubresource<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    subresource: string,
    body: KubeObject,
    options?: WriteOptions,
  ): Promise<DeepReadonly<KubeObject & Record<string, unknown>>>;
  /** A call with a path of its own. Answers of 400 and above throw StatusError. */
  raw(request: RawRequest): Promise<RawResponse>;
  /**
   * Opens a connection that the server upgrades (exec, attach, port-forward): the request must carry the
   * Connection, Upgrade and protocol headers; the answer is the byte tunnel after status 101, whatever protocol
   * is spoken on it. An answer other than 101 throws StatusError.
   */
  connect(request: RawRequest): Promise<UpgradedConnection>;
  /** The same API as another person; needs the right to impersonate, checked by the server at each call. */
  impersonate(user: UserInfo): Client;
  /** Releases sockets and ends watches. */
  close(): Promise<void>;
}

export interface UserInfo {
  readonly name: string;
  readonly groups?: readonly string[];
}

export interface UpgradedConnection {
  /** Headers of the 101 answer, lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly socket: Duplex;
}
