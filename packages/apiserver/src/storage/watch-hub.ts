import { type ChangeType, eventFor, type StoredObject, type StoreEvent } from "./event.ts";

/** Which objects of a resource a watcher sees. */
export interface WatchSelection {
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly name?: string;
  /** An exact match by which the hub finds the watcher without asking it: the Pods of a node. */
  readonly nodeName?: string;
  /** The whole selection, namespace and name included. */
  matches(object: StoredObject): boolean;
}

/** Where a watcher's events go. Called in the order of revisions, right after the commit; must not throw. */
export interface WatchSink {
  event(type: ChangeType, event: StoreEvent): void;
  bookmark?(revision: number): void;
  /** The server ends the watch. */
  end(): void;
}

export interface Watcher {
  readonly selection: WatchSelection;
  readonly sink: WatchSink;
}

/** The watchers of one resource, filed so that an event is shown only to those it can concern. */
export class WatchHub {
  readonly #buckets = new Map<string, Set<Watcher>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Returns the function that ends the watch; it does not call sink.end(). */
  add(watcher: Watcher): () => void {
    const key = bucketOf(watcher.selection);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new Set();
      this.#buckets.set(key, bucket);
    }
    bucket.add(watcher);
    this.#size++;
    return () => this.#remove(key, watcher);
  }

  #remove(key: string, watcher: Watcher): void {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined || !bucket.delete(watcher)) return;
    this.#size--;
    if (bucket.size === 0) this.#buckets.delete(key);
  }

  dispatch(event: StoreEvent): void {
    if (this.#size === 0) return;
    for (const key of bucketsOf(event)) {
      const bucket = this.#buckets.get(key);
      if (bucket === undefined) continue;
      for (const watcher of bucket) {
        const type = eventFor(event, (object) => watcher.selection.matches(object));
        if (type !== undefined) watcher.sink.event(type, event);
      }
    }
  }

  bookmark(revision: number): void {
    for (const bucket of this.#buckets.values()) for (const { sink } of bucket) sink.bookmark?.(revision);
  }

  end(): void {
    const all = [...this.#buckets.values()].flatMap((bucket) => [...bucket]);
    this.#buckets.clear();
    this.#size = 0;
    for (const { sink } of all) sink.end();
  }
}

/** A watcher is in exactly one bucket, the narrowest that holds all its events. */
function bucketOf({ namespace, name, nodeName }: WatchSelection): string {
  if (name !== undefined) return `name ${name}`;
  if (nodeName !== undefined) return `node ${nodeName}`;
  return namespace === undefined || namespace === "" ? "all" : `namespace ${namespace}`;
}

function bucketsOf({ object, old }: StoreEvent): readonly string[] {
  const { namespace = "", name } = object.metadata;
  const buckets = ["all", `name ${name}`];
  if (namespace !== "") buckets.push(`namespace ${namespace}`);
  const node = nodeNameOf(object);
  if (node !== undefined) buckets.push(`node ${node}`);
  const before = old === undefined ? undefined : nodeNameOf(old);
  if (before !== undefined && before !== node) buckets.push(`node ${before}`);
  return buckets;
}

/** spec.nodeName, "" when it is not set; undefined for what is no Pod. */
export function nodeNameOf(object: StoredObject): string | undefined {
  if (object.kind !== "Pod") return undefined;
  return (object as unknown as { spec?: { nodeName?: string } }).spec?.nodeName ?? "";
}
