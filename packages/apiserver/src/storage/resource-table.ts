import type { StoredObject } from "./event.ts";

const NONE: ReadonlyMap<string, StoredObject> = new Map();

/** The committed objects of one resource, by namespace and name ("" is the namespace of cluster-wide ones). */
export class ResourceTable {
  readonly #namespaces = new Map<string, Map<string, StoredObject>>();
  readonly #sorted = new Map<string, readonly StoredObject[]>();
  #sortedAll: readonly StoredObject[] | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(namespace: string, name: string): StoredObject | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  set(namespace: string, name: string, object: StoredObject): void {
    let names = this.#namespaces.get(namespace);
    if (names === undefined) {
      names = new Map();
      this.#namespaces.set(namespace, names);
    }
    if (!names.has(name)) this.#size++;
    names.set(name, object);
    this.#forget(namespace);
  }

  delete(namespace: string, name: string): void {
    const names = this.#namespaces.get(namespace);
    if (names === undefined || !names.delete(name)) return;
    this.#size--;
    if (names.size === 0) this.#namespaces.delete(namespace);
    this.#forget(namespace);
  }

  #forget(namespace: string): void {
    this.#sorted.delete(namespace);
    this.#sortedAll = undefined;
  }

  /** In no particular order; costs nothing to make. */
  *values(namespace?: string): Iterable<StoredObject> {
    if (namespace !== undefined && namespace !== "")
      yield* (this.#namespaces.get(namespace) ?? NONE).values();
    else for (const names of this.#namespaces.values()) yield* names.values();
  }

  /** In the order of namespace and name; the array is kept until the next write and must not be changed. */
  sorted(namespace?: string): readonly StoredObject[] {
    if (namespace !== undefined && namespace !== "") return this.#sortedIn(namespace);
    this.#sortedAll ??= [...this.#namespaces.keys()].sort(byCode).flatMap((name) => this.#sortedIn(name));
    return this.#sortedAll;
  }

  #sortedIn(namespace: string): readonly StoredObject[] {
    const known = this.#sorted.get(namespace);
    if (known !== undefined) return known;
    const names = this.#namespaces.get(namespace) ?? NONE;
    const made = [...names.keys()].sort(byCode).map((name) => names.get(name)!);
    this.#sorted.set(namespace, made);
    return made;
  }
}

/** The order of keys: by UTF-16 code unit, whatever the locale. */
export function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
