import { formatKey, type KubeObject, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { Stored } from "../client.ts";
import type { Lister } from "../informer-contract.ts";

type IndexFunction<T extends KubeObject> = (object: Stored<T>) => readonly string[];

interface Index<T extends KubeObject> {
  readonly values: IndexFunction<T>;
  readonly filed: Map<string, Map<string, Stored<T>>>;
}

const NOTHING: readonly never[] = Object.freeze([]);

/** The objects of one informer, by key, by namespace and by its indexes. */
export class ObjectStore<T extends KubeObject> implements Lister<T> {
  readonly #objects = new Map<string, Stored<T>>();
  readonly #byNamespace = new Map<string, Map<string, Stored<T>>>();
  readonly #indexes = new Map<string, Index<T>>();

  get size(): number {
    return this.#objects.size;
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  addIndex(name: string, values: IndexFunction<T>): void {
    const index: Index<T> = { values, filed: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) fileUnder(index.filed, values(object), key, object);
  }

  hasIndex(name: string): boolean {
    return this.#indexes.has(name);
  }

  get(key: ObjectKey | { namespace?: string; name: string }): Stored<T> | undefined {
    return this.#objects.get(formatKey({ namespace: key.namespace ?? "", name: key.name }));
  }

  getByText(key: string): Stored<T> | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): readonly Stored<T>[] {
    if (namespace === undefined || namespace === "") return [...this.#objects.values()];
    const filed = this.#byNamespace.get(namespace);
    return filed === undefined ? NOTHING : [...filed.values()];
  }

  byIndex(name: string, value: string): readonly Stored<T>[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`Cannot read index "${name}": no such index`);
    const filed = index.filed.get(value);
    return filed === undefined ? NOTHING : [...filed.values()];
  }

  /** Returns what stood in its place. */
  set(object: Stored<T>): Stored<T> | undefined {
    const key = formatKey(keyOf(object));
    const old = this.#objects.get(key);
    if (old !== undefined) this.#unfile(key, old);
    this.#objects.set(key, object);
    fileUnder(this.#byNamespace, [object.metadata.namespace ?? ""], key, object);
    for (const { values, filed } of this.#indexes.values()) fileUnder(filed, values(object), key, object);
    return old;
  }

  delete(key: string): Stored<T> | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    this.#objects.delete(key);
    this.#unfile(key, old);
    return old;
  }

  #unfile(key: string, object: Stored<T>): void {
    takeOut(this.#byNamespace, [object.metadata.namespace ?? ""], key);
    for (const { values, filed } of this.#indexes.values()) takeOut(filed, values(object), key);
  }
}

type Filed<V> = Map<string, Map<string, V>>;

function fileUnder<V>(filed: Filed<V>, values: readonly string[], key: string, object: V): void {
  for (const value of values) {
    const drawer = filed.get(value);
    if (drawer === undefined) filed.set(value, new Map([[key, object]]));
    else drawer.set(key, object);
  }
}

function takeOut<V>(filed: Filed<V>, values: readonly string[], key: string): void {
  for (const value of values) {
    const drawer = filed.get(value);
    if (drawer?.delete(key) === true && drawer.size === 0) filed.delete(value);
  }
}
