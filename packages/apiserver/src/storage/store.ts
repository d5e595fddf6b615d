import { deepEqual, deepFreeze, type KubeObject, messageOf, StatusError } from "@jdos/apimachinery";
import { ApiServerError } from "../errors.ts";
import type { StoredObject, StoreEvent } from "./event.ts";
import { EventRing, type EventRingOptions } from "./event-ring.ts";
import type { JournalEntry } from "./journal.ts";
import { type JournalWriter, openJournal } from "./journal-writer.ts";
import { ResourceTable } from "./resource-table.ts";
import { WatchHub, type WatchSelection, type WatchSink } from "./watch-hub.ts";

/** What a write decides when it has seen the present state. `put` gives the object away: it is frozen. */
export type Change =
  | { readonly kind: "put"; readonly object: KubeObject }
  | { readonly kind: "delete" }
  | { readonly kind: "keep" };

export interface StoreKey {
  /** "pods", "deployments.apps": one name for all versions of a resource. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

export interface StoreOptions {
  /** A file, or ":memory:". */
  path: string;
  ring?: EventRingOptions;
  now?: () => number;
}

interface Resource {
  readonly table: ResourceTable;
  /** Decided and not yet committed; undefined: deleted. */
  readonly pending: Map<string, Pending>;
  readonly ring: EventRing;
  readonly hub: WatchHub;
}

/** The newest decision about a key. */
interface Pending {
  readonly revision: number;
  readonly object: StoredObject | undefined;
}

interface DecidedWrite {
  readonly resource: Resource;
  readonly entry: JournalEntry;
  readonly event: StoreEvent;
}

/** A caller that waits for the next commit; without a write of its own it only saw what others decided. */
interface Waiting {
  readonly write?: DecidedWrite;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Every object of the API. Reads and lists come from memory and show committed state only. A write decides at
 * once, against the pending state, and is acknowledged when the transaction that carries it (and all others of
 * the same turn of the event loop) has been synced to disk.
 */
export class Store {
  readonly #journal: JournalWriter;
  readonly #resources = new Map<string, Resource>();
  readonly #ringOptions: EventRingOptions | undefined;
  readonly #now: () => number;
  readonly #openedAt: number;
  #committed: number;
  #assigned: number;
  #queue: Waiting[] = [];
  #scheduled = false;
  #writing: Promise<void> | undefined;
  #closed = false;

  /** Opens the file and reads every object into memory. */
  constructor({ path, ring, now = Date.now }: StoreOptions) {
    const { writer, revision, rows } = openJournal(path);
    this.#journal = writer;
    this.#ringOptions = ring;
    this.#now = now;
    this.#committed = this.#assigned = this.#openedAt = revision;
    for (const row of rows) {
      const object = deepFreeze(JSON.parse(row.body)) as StoredObject;
      this.#resource(row.resource).table.set(row.namespace, row.name, object);
    }
  }

  /** The last committed revision. */
  get revision(): number {
    return this.#committed;
  }

  #resource(name: string): Resource {
    let resource = this.#resources.get(name);
    if (resource === undefined) {
      const ring = new EventRing(this.#openedAt, this.#ringOptions);
      resource = { table: new ResourceTable(), pending: new Map(), ring, hub: new WatchHub() };
      this.#resources.set(name, resource);
    }
    return resource;
  }

  /** The committed objects of a resource. */
  table(resource: string): ResourceTable {
    return this.#resource(resource).table;
  }

  get({ resource, namespace, name }: StoreKey): StoredObject | undefined {
    return this.#resource(resource).table.get(namespace, name);
  }

  /** The object as the next write would see it, committed or not. */
  peek(key: StoreKey): StoredObject | undefined {
    const resource = this.#resource(key.resource);
    const id = `${key.namespace}/${key.name}`;
    const pending = resource.pending.get(id);
    return pending !== undefined ? pending.object : resource.table.get(key.namespace, key.name);
  }

  /** The number of objects of a resource in each state the next write would see. */
  *peekAll(resourceName: string, namespace?: string): Iterable<StoredObject> {
    const { table, pending } = this.#resource(resourceName);
    for (const object of table.values(namespace)) {
      if (pending.size === 0 || !pending.has(`${object.metadata.namespace ?? ""}/${object.metadata.name}`))
        yield object;
    }
    for (const { object } of pending.values()) {
      if (
        object !== undefined &&
        (namespace === undefined || namespace === "" || object.metadata.namespace === namespace)
      )
        yield object;
    }
  }

  /**
   * Decides a write and resolves with the object when it is on disk: the new state, or the last state of what was
   * deleted (with the revision of the deletion). `decide` runs at once; what it throws is thrown to the caller, once
   * what it saw can be read: whoever reads and tries again does not meet the same refusal. A `put` that changes nothing
   * is no write.
   */
  write(key: StoreKey, decide: (current: StoredObject | undefined) => Change): Promise<StoredObject> {
    if (this.#closed) throw new StatusError("ServiceUnavailable", "the server is stopping");
    const current = this.peek(key);
    let change: Change;
    try {
      change = decide(current);
    } catch (error) {
      if (current === this.get(key)) throw error;
      return this.#wait(current).then(() => {
        throw error;
      });
    }
    if (
      change.kind === "keep" ||
      (change.kind === "put" && current !== undefined && isSame(change.object, current))
    ) {
      return this.#settled(current!);
    }
    return change.kind === "put" ? this.#put(key, change.object, current) : this.#delete(key, current!);
  }

  /** A write that changes nothing is acknowledged after those it saw. */
  #settled(object: StoredObject): Promise<StoredObject> {
    const idle = this.#queue.length === 0 && this.#writing === undefined;
    return idle ? Promise.resolve(object) : this.#wait(object);
  }

  #put(key: StoreKey, object: KubeObject, old: StoredObject | undefined): Promise<StoredObject> {
    const revision = ++this.#assigned;
    object.metadata!.resourceVersion = String(revision);
    const stored = deepFreeze(object) as unknown as StoredObject;
    const json = JSON.stringify(stored);
    const event: StoreEvent = {
      type: old === undefined ? "ADDED" : "MODIFIED",
      revision,
      object: stored,
      old,
      at: this.#now(),
      json,
    };
    return this.#enqueue(key, { kind: "put", ...pick(key), revision, body: json }, event, stored);
  }

  #delete(key: StoreKey, old: StoredObject): Promise<StoredObject> {
    const revision = ++this.#assigned;
    const last = deepFreeze({
      ...old,
      metadata: { ...old.metadata, resourceVersion: String(revision) },
    }) as StoredObject;
    const event: StoreEvent = {
      type: "DELETED",
      revision,
      object: last,
      old,
      at: this.#now(),
      json: JSON.stringify(last),
    };
    return this.#enqueue(key, { kind: "delete", ...pick(key), revision }, event, undefined);
  }

  #enqueue(
    key: StoreKey,
    entry: JournalEntry,
    event: StoreEvent,
    next: StoredObject | undefined,
  ): Promise<StoredObject> {
    const resource = this.#resource(key.resource);
    resource.pending.set(`${key.namespace}/${key.name}`, { revision: entry.revision, object: next });
    return this.#wait(event.object, { resource, entry, event });
  }

  #wait<T>(outcome: T, write?: DecidedWrite): Promise<T> {
    return new Promise((settle, reject) => {
      const resolve = (): void => settle(outcome);
      this.#queue.push({ resolve, reject, ...(write === undefined ? {} : { write }) });
      this.#schedule();
    });
  }

  /** The next batch holds what was decided until the one before it was on disk, at least that of this turn. */
  #schedule(): void {
    if (this.#scheduled || this.#writing !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#writing !== undefined || this.#queue.length === 0) return;
    const batch = this.#queue;
    this.#queue = [];
    this.#writing = this.#write(batch);
    await this.#writing;
    this.#writing = undefined;
    if (this.#queue.length > 0) this.#schedule();
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const writes = batch.flatMap(({ write }) => (write === undefined ? [] : [write]));
    try {
      await this.#journal.append(writes.map(({ entry }) => entry));
    } catch (error) {
      this.#fail(batch, error);
      return;
    }
    for (const write of writes) this.#apply(write);
    this.#committed = writes.at(-1)?.event.revision ?? this.#committed;
    for (const { resolve } of batch) resolve();
    for (const { resource, event } of writes) resource.hub.dispatch(event);
  }

  /** What was decided after a failed write may rest on it: all of it is refused. */
  #fail(batch: readonly Waiting[], cause: unknown): void {
    const failure = new StatusError("InternalError", `Cannot write to the store: ${messageOf(cause)}`, {
      cause,
    });
    const all = [...batch, ...this.#queue.splice(0)];
    for (const { pending } of this.#resources.values()) pending.clear();
    this.#assigned = this.#committed;
    for (const { reject } of all) reject(failure);
  }

  #apply({ resource, entry, event }: DecidedWrite): void {
    const id = `${entry.namespace}/${entry.name}`;
    if (resource.pending.get(id)?.revision === entry.revision) resource.pending.delete(id);
    if (entry.kind === "put") resource.table.set(entry.namespace, entry.name, event.object);
    else resource.table.delete(entry.namespace, entry.name);
    resource.ring.push(event);
  }

  /** The oldest revision a watch of the resource can be resumed from. */
  floor(resource: string): number {
    return this.#resource(resource).ring.floor;
  }

  /**
   * Sends the events after a revision that are remembered, then those to come. Returns the function that ends it.
   * @throws StatusError Expired when events after that revision have been forgotten
   */
  watch(
    resourceName: string,
    selection: WatchSelection,
    options: { after: number; sink: WatchSink; replay?: (event: StoreEvent) => void },
  ): () => void {
    const resource = this.#resource(resourceName);
    if (options.after < resource.ring.floor) throw tooOld(options.after, resource.ring.floor);
    for (const event of resource.ring.after(options.after)) options.replay?.(event);
    return resource.hub.add({ selection, sink: options.sink });
  }

  /** Tells every watcher the present revision. */
  bookmark(): void {
    for (const { hub } of this.#resources.values()) hub.bookmark(this.#committed);
  }

  /** The number of objects and watchers of each resource. */
  *sizes(): Iterable<{ resource: string; objects: number; watchers: number }> {
    for (const [resource, { table, hub }] of this.#resources)
      yield { resource, objects: table.size, watchers: hub.size };
  }

  /**
   * Resolves when the file can be written.
   * @throws ApiServerError STORE_UNREADABLE
   */
  async ready(): Promise<void> {
    try {
      await this.#journal.ready;
    } catch (error) {
      throw new ApiServerError("STORE_UNREADABLE", messageOf(error), {
        hint: "Check that no other process holds the file",
        cause: error,
      });
    }
  }

  /** Writes what is decided, ends the watches and closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#writing !== undefined || this.#queue.length > 0) {
      await this.#writing;
      await this.#flush();
    }
    for (const { hub } of this.#resources.values()) hub.end();
    await this.#journal.close();
  }
}

function pick({ resource, namespace, name }: StoreKey): StoreKey {
  return { resource, namespace, name };
}

function isSame(next: KubeObject, current: StoredObject): boolean {
  return deepEqual(
    { ...next, metadata: { ...next.metadata, resourceVersion: current.metadata.resourceVersion } },
    current,
  );
}

export function tooOld(asked: number, floor: number): StatusError {
  return new StatusError("Expired", `too old resource version: ${asked} (${floor})`);
}
