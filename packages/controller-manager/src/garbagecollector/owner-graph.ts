import {
  type DeepReadonly,
  type KubeObject,
  keyOf,
  type ObjectKey,
  type OwnerReference,
} from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { DiscoveredResource } from "../discovery/discover-resources.ts";

/** What the collector remembers of an object. */
export interface GraphNode {
  readonly uid: string;
  readonly type: DiscoveredResource;
  readonly key: ObjectKey;
  readonly resourceVersion: string;
  readonly owners: readonly DeepReadonly<OwnerReference>[];
  readonly finalizers: readonly string[];
  readonly deleting: boolean;
}

/** Who owns whom, over every Kind, as the informers last saw it. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** Those that name the uid as an owner. */
  dependents(uid: string): GraphNode[] {
    const nodes: GraphNode[] = [];
    for (const dependent of this.#dependents.get(uid) ?? []) {
      const node = this.#nodes.get(dependent);
      if (node !== undefined) nodes.push(node);
    }
    return nodes;
  }

  put(type: DiscoveredResource, object: Stored<KubeObject>): GraphNode {
    const {
      uid,
      resourceVersion,
      ownerReferences = [],
      finalizers = [],
      deletionTimestamp,
    } = object.metadata;
    const node: GraphNode = {
      uid,
      type,
      key: keyOf(object),
      resourceVersion,
      owners: ownerReferences,
      finalizers,
      deleting: deletionTimestamp !== undefined,
    };
    this.#unlink(this.#nodes.get(uid));
    this.#nodes.set(uid, node);
    for (const owner of node.owners) {
      const list = this.#dependents.get(owner.uid) ?? new Set();
      list.add(uid);
      this.#dependents.set(owner.uid, list);
    }
    return node;
  }

  remove(uid: string): void {
    this.#unlink(this.#nodes.get(uid));
    this.#nodes.delete(uid);
  }

  #unlink(node: GraphNode | undefined): void {
    for (const owner of node?.owners ?? []) {
      const list = this.#dependents.get(owner.uid);
      list?.delete(node!.uid);
      if (list?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}
