import type { KubeObject } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/**
 * What was written and the informer may not show yet: a decision is made on what is there, not on what was. It may be
 * lost at any time, for an informer that starts shows it all.
 */
export class RecentWrites {
  readonly #written = new Map<string, { readonly over: string; readonly object: Stored<KubeObject> }>();

  /** Notes what was written over an object, under its optimistic lock. */
  note<T extends KubeObject>(over: Stored<T>, object: Stored<T>): void {
    const { uid, resourceVersion } = over.metadata;
    const known = this.#written.get(uid);
    // Written again before the informer showed the first: what it shows is still what was before both.
    const shown = known?.object.metadata.resourceVersion === resourceVersion ? known.over : resourceVersion;
    this.#written.set(uid, { over: shown, object: object as unknown as Stored<KubeObject> });
  }

  /** The object that an informer shows, or what was written over it. */
  latest<T extends KubeObject>(shown: Stored<T>): Stored<T> {
    const { uid, resourceVersion } = shown.metadata;
    const known = this.#written.get(uid);
    if (known?.over === resourceVersion) return known.object as unknown as Stored<T>;
    this.#written.delete(uid);
    return shown;
  }

  /** Forgets what was written over other objects than these. */
  keepOnly(objects: readonly Stored<KubeObject>[]): void {
    const uids = new Set(objects.map(({ metadata }) => metadata.uid));
    for (const uid of this.#written.keys()) if (!uids.has(uid)) this.#written.delete(uid);
  }
}
