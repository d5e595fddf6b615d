import { bodyVersions, shapedKind } from "@jdos/api/older-shapes";
import {
  apiVersionOf,
  type DeepReadonly,
  isStatus,
  type KubeObject,
  type ResourceType,
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
  Stored,
  UpdateOptions,
  UserInfo,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "../client.ts";
import { TransportError, UnsupportedError } from "../errors.ts";
import { eventsToNewest, toNewest, toServed } from "./convert.ts";
import { definitionAsServed } from "./definition-as-served.ts";
import { Discovery } from "./discovery.ts";
import { ownersAsServed } from "./owners-as-served.ts";
import { patchToOlder } from "./patch-to-older.ts";
import { type ServedVersion, servedVersion } from "./served-version.ts";
import { isOlder } from "./server-version.ts";
import { CHECKS_FIELDS, refuseDropped } from "./strict-fields.ts";

/**
 * Goes to each Kind in the version that the server serves, found by discovery; its users see and write the newest
 * shape alone. Kinds that every cluster serves as they are go straight through.
 */
export class ServedClient implements Client {
  readonly #inner: Client;
  readonly #discovery: Discovery;

  constructor(inner: Client, discovery = new Discovery(inner)) {
    this.#inner = inner;
    this.#discovery = discovery;
  }

  get<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    options?: CallOptions,
  ): Promise<Stored<T>> {
    return this.#served(type, options, async (served) =>
      toNewest(type, served, await this.#inner.get(served.type, key, options)),
    );
  }

  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.#served(type, options, async (served) => {
      const answer = await this.#inner.list(served.type, options);
      if (served.shape === undefined) return answer;
      const items = Object.freeze(answer.items.map((item) => toNewest(type, served, item)));
      return Object.freeze({ ...answer, items });
    });
  }

  create<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | DeepReadonly<T>,
    options?: WriteOptions,
  ): Promise<Stored<T>> {
    return this.#served(type, options, async (served) => {
      const said = await this.#asServed(type, toServed(served, object));
      const write = (given?: WriteOptions) => this.#inner.create(served.type, said, given);
      return toNewest(type, served, await this.#checked(served.type, { said, options, write }));
    });
  }

  update<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | DeepReadonly<T> | Stored<T>,
    options?: UpdateOptions,
  ): Promise<Stored<T>> {
    return this.#served(type, options, async (served) => {
      const said = await this.#asServed(type, toServed(served, object));
      const write = (given?: UpdateOptions) => this.#inner.update(served.type, said, given);
      return toNewest(type, served, await this.#checked(served.type, { said, options, write }));
    });
  }

  patch<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<Stored<T>> {
    return this.#served(type, options, async (served) => {
      const { shape } = served;
      const shaped =
        shape === undefined ? patch : patchToOlder(patch, { type: served.type, shape }, key.name);
      const said =
        shaped.type === "apply"
          ? { ...shaped, body: await definitionAsServed(this.#discovery, type, shaped.body) }
          : shaped;
      const write = (given?: PatchOptions) => this.#inner.patch(served.type, key, said, given);
      const answer = this.#checked(served.type, { said: bodyOf(said), options, write });
      return toNewest(type, served, await (patch.type === "apply" ? answer.catch(explainApply) : answer));
    });
  }

  delete<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    options?: DeleteOptions,
  ): Promise<void> {
    return this.#served(type, options, (served) =>
      this.#inner.delete(served.type, key, deletion(served, options)),
    );
  }

  deleteCollection<T extends KubeObject>(
    type: ResourceType<T>,
    options: DeleteOptions & Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector">,
  ): Promise<void> {
    return this.#served(type, options, (served) =>
      this.#inner.deleteCollection(served.type, deletion(served, options)),
    );
  }

  watch<T extends KubeObject>(
    type: ResourceType<T>,
    options?: WatchOptions,
  ): Promise<AsyncIterable<WatchEvent<T>>> {
    return this.#served(type, options, async (served) => {
      const events = await this.#inner.watch(served.type, options);
      if (shapedKind(type) === undefined) return events;
      return this.#noticing(type, eventsToNewest(type, served, events));
    });
  }

  async createSubresource<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    subresource: string,
    body: KubeObject,
    options?: WriteOptions,
  ): ReturnType<Client["createSubresource"]> {
    const moved = bodyVersions(body).length > 0;
    const said = moved ? await this.#bodyAsServed(type, subresource, body) : body;
    return this.#inner.createSubresource(type, key, subresource, said, options);
  }

  raw(request: RawRequest): ReturnType<Client["raw"]> {
    return this.#inner.raw(request);
  }

  connect(request: RawRequest): ReturnType<Client["connect"]> {
    return this.#inner.connect(request);
  }

  impersonate(user: UserInfo): Client {
    return new ServedClient(this.#inner.impersonate(user), this.#discovery);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Calls with the version served. A version that is there no more is looked for anew, once. */
  async #served<T extends KubeObject, R>(
    type: ResourceType<T>,
    options: CallOptions | undefined,
    call: (served: ServedVersion<T>) => Promise<R>,
  ): Promise<R> {
    const kind = shapedKind(type);
    if (kind === undefined) return call({ type });
    const find = () => abortable(servedVersion(this.#discovery, kind, type), options?.signal);
    const served = await find();
    try {
      return await call(served);
    } catch (error) {
      this.#notice(type, error);
      if (!isUnknownPath(error)) throw error;
      const now = await find();
      if (now.type.version === served.type.version) throw error;
      return call(now);
    }
  }

  async #asServed<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    return ownersAsServed(this.#discovery, await definitionAsServed(this.#discovery, type, object));
  }

  /**
   * Writes; where fieldValidation Strict is asked of a server that does not know it, a dry run before tells what
   * would be dropped.
   */
  async #checked<T extends KubeObject, O extends WriteOptions>(
    type: ResourceType<T>,
    { said, options, write }: CheckedWrite<T, O>,
  ): Promise<Stored<T>> {
    if (options?.fieldValidation === "Strict" && isOlder(await this.#discovery.version(), CHECKS_FIELDS))
      refuseDropped(type, said, await write({ ...options, dryRun: true }));
    return write(options);
  }

  async *#noticing<E>(type: ResourceType, events: AsyncIterable<E>): AsyncGenerator<E> {
    try {
      yield* events;
    } catch (error) {
      this.#notice(type, error);
      throw error;
    }
  }

  /** After an outage another server may answer, of another version. */
  #notice(type: ResourceType, error: unknown): void {
    if (error instanceof TransportError || isUnknownPath(error)) this.#discovery.forget(type.group);
  }

  async #bodyAsServed(type: ResourceType, subresource: string, body: KubeObject): Promise<KubeObject> {
    const resources = await this.#discovery.resources(apiVersionOf(type));
    const served = resources?.get(`${type.resource}/${subresource}`);
    if (served?.group === undefined || served.version === undefined) return body;
    const apiVersion = apiVersionOf({ group: served.group, version: served.version });
    return bodyVersions(body).includes(apiVersion) ? { ...body, apiVersion } : body;
  }
}

interface CheckedWrite<T extends KubeObject, O extends WriteOptions> {
  said: object;
  options: O | undefined;
  write(options: O | undefined): Promise<Stored<T>>;
}

/** What becomes of dependents is what the newest version does by itself. */
function deletion<O extends DeleteOptions | undefined>({ shape }: ServedVersion, options: O): O {
  if (shape?.propagationPolicy === undefined || options?.propagationPolicy !== undefined) return options;
  return { ...options, propagationPolicy: shape.propagationPolicy };
}

/** The members a patch writes; JSON operations name theirs by where they stand, and are not looked into. */
function bodyOf(patch: Patch): object {
  return patch.type === "json" ? {} : patch.body;
}

/** NotFound of a path rather than of an object, which would be named. */
function isUnknownPath(error: unknown): boolean {
  return isStatus(error, "NotFound") && (error.details?.name ?? "") === "";
}

function explainApply(cause: unknown): never {
  if (!isStatus(cause, "UnsupportedMediaType")) throw cause;
  throw new UnsupportedError("Cannot apply an object: the cluster has server-side apply switched off", {
    cause,
    hint: "Switch on the API server's feature gate ServerSideApply, which is on by default since Kubernetes 1.16",
  });
}

async function abortable<R>(promise: Promise<R>, signal: AbortSignal | undefined): Promise<R> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
