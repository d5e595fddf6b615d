import {
  type DeepReadonly,
  deepCopy,
  type KubeObject,
  type ResourceType,
  StatusError,
} from "@jdos/apimachinery";
import type {
  CallOptions,
  Client,
  DeleteOptions,
  ListOptions,
  NamespacedName,
  ObjectList,
  Patch,
  PatchOptions,
  RawRequest,
  RawResponse,
  Stored,
  UpdateOptions,
  UpgradedConnection,
  UserInfo,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "@jdos/client";
import { withSystemGroups } from "../authentication/groups.ts";
import { authorize } from "../authorization/authorize.ts";
import type { Call, Core, User } from "../registry/call.ts";
import { create } from "../registry/create.ts";
import { remove } from "../registry/delete.ts";
import { removeCollection } from "../registry/delete-collection.ts";
import { get } from "../registry/get.ts";
import { list } from "../registry/list.ts";
import { createSubresource, patchSubresource, updateSubresource } from "../registry/subresource.ts";
import { watch } from "../registry/watch.ts";
import { WatchStream } from "./watch-stream.ts";

/** What answers calls that have a path of their own. */
export interface RawDoor {
  raw(user: User, request: RawRequest): Promise<RawResponse>;
  connect(user: User, request: RawRequest): Promise<UpgradedConnection>;
}

/** The API without a socket and without JSON: same authorisation, same errors, the store's own frozen objects. */
export class InProcessClient implements Client {
  readonly #core: Core;
  readonly #door: RawDoor;
  readonly #user: User;
  readonly #watches = new Set<WatchStream>();

  constructor(core: Core, door: RawDoor, user: User) {
    this.#core = core;
    this.#door = door;
    this.#user = { ...user, groups: withSystemGroups(user.name, user.groups) };
  }

  #call(type: ResourceType, key: Partial<NamespacedName>, subresource?: string): Call {
    const endpoint = this.#core.catalog.find(type);
    if (endpoint === undefined)
      throw new StatusError("NotFound", "the server could not find the requested resource", { details: {} });
    return {
      user: this.#user,
      endpoint,
      namespace: type.namespaced ? (key.namespace ?? "") : "",
      name: key.name ?? "",
      ...(subresource === undefined ? {} : { subresource }),
    };
  }

  async get<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    options: CallOptions = {},
  ): Promise<Stored<T>> {
    options.signal?.throwIfAborted();
    return get(this.#core, this.#named(type, key)) as unknown as Stored<T>;
  }

  /** A call on one object: without a namespace it would be one on all. */
  #named(type: ResourceType, key: NamespacedName, subresource?: string): Call {
    const call = this.#call(type, key, subresource);
    if (call.name === "") throw new StatusError("BadRequest", "resource name may not be empty");
    if (type.namespaced && call.namespace === "")
      throw new StatusError(
        "BadRequest",
        "an empty namespace may not be set when a resource name is provided",
      );
    return call;
  }

  async list<T extends KubeObject>(type: ResourceType<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    options.signal?.throwIfAborted();
    return list(this.#core, this.#call(type, options), options) as unknown as ObjectList<T>;
  }

  async create<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | DeepReadonly<T>,
    options: WriteOptions = {},
  ): Promise<Stored<T>> {
    options.signal?.throwIfAborted();
    const copy = deepCopy(object as KubeObject);
    const call = this.#call(type, { namespace: copy.metadata?.namespace ?? "" });
    return (await create(this.#core, call, copy, options)) as unknown as Stored<T>;
  }

  async update<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | DeepReadonly<T> | Stored<T>,
    options: UpdateOptions = {},
  ): Promise<Stored<T>> {
    options.signal?.throwIfAborted();
    const copy = deepCopy(object as KubeObject);
    const { namespace = "", name = "" } = copy.metadata ?? {};
    const call = this.#named(type, { namespace, name }, options.subresource);
    return (await updateSubresource(this.#core, call, copy, options)) as unknown as Stored<T>;
  }

  async patch<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    given: Patch,
    options: PatchOptions = {},
  ): Promise<Stored<T>> {
    options.signal?.throwIfAborted();
    const copy = { type: given.type, body: deepCopy<object>(given.body) } as Patch;
    const patched = await patchSubresource(
      this.#core,
      this.#named(type, key, options.subresource),
      copy,
      options,
    );
    return patched.object as unknown as Stored<T>;
  }

  async delete<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    options: DeleteOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    await remove(this.#core, this.#named(type, key), options);
  }

  async deleteCollection<T extends KubeObject>(
    type: ResourceType<T>,
    options: DeleteOptions & Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector">,
  ): Promise<void> {
    options.signal?.throwIfAborted();
    await removeCollection(this.#core, this.#call(type, options), options);
  }

  async watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: WatchOptions = {},
  ): Promise<AsyncIterable<WatchEvent<T>>> {
    options.signal?.throwIfAborted();
    const stream = new WatchStream();
    const stop = watch(this.#core, this.#call(type, options), options, stream);
    stream.established = true;
    const { signal, timeoutSeconds } = options;
    const end = () => stream.end();
    const timer = timeoutSeconds === undefined ? undefined : setTimeout(end, timeoutSeconds * 1000);
    signal?.addEventListener("abort", end, { once: true });
    stream.stop = () => {
      stop();
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      this.#watches.delete(stream);
    };
    this.#watches.add(stream);
    return stream as AsyncIterable<WatchEvent<KubeObject>> as AsyncIterable<WatchEvent<T>>;
  }

  async createSubresource<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    subresource: string,
    body: KubeObject,
    options: WriteOptions = {},
  ): Promise<DeepReadonly<KubeObject & Record<string, unknown>>> {
    options.signal?.throwIfAborted();
    const call = this.#named(type, key, subresource);
    return (await createSubresource(this.#core, call, deepCopy(body), options)) as DeepReadonly<
      KubeObject & Record<string, unknown>
    >;
  }

  raw(request: RawRequest): Promise<RawResponse> {
    return this.#door.raw(this.#user, request);
  }

  connect(request: RawRequest): Promise<UpgradedConnection> {
    return this.#door.connect(this.#user, request);
  }

  impersonate(user: UserInfo): Client {
    this.#authorizeImpersonation("users", user.name);
    for (const group of user.groups ?? []) this.#authorizeImpersonation("groups", group);
    return new InProcessClient(this.#core, this.#door, { name: user.name, groups: user.groups ?? [] });
  }

  #authorizeImpersonation(resource: string, name: string): void {
    authorize(this.#core.authorizer, { user: this.#user, verb: "impersonate", group: "", resource, name });
  }

  async close(): Promise<void> {
    for (const stream of [...this.#watches]) stream.end();
  }
}
