import type { Node, Pod } from "@jdos/api";
import { formatKey, keyOf } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ClusterView } from "../framework/contract.ts";
import { NodeInfo } from "./node-info.ts";

/**
 * Nodes and the Pods on them. A Pod is assumed on its node from the moment of the decision until the API server
 * shows it there, so that decisions made meanwhile count it.
 */
export class ClusterCache implements ClusterView {
  readonly guarded = new Set<NodeInfo>();
  readonly #nodes = new Map<string, NodeInfo>();
  /** Where each counted Pod is: key -> node name. */
  readonly #places = new Map<string, string>();
  /** Where room is kept: key -> node name. */
  readonly #nominations = new Map<string, string>();
  /** Pods seen on a node that is not known (yet), by node. */
  readonly #waiting = new Map<string, Map<string, Stored<Pod>>>();
  #list: readonly NodeInfo[] | undefined;

  get nodes(): readonly NodeInfo[] {
    this.#list ??= [...this.#nodes.values()];
    return this.#list;
  }

  setNode(node: Stored<Node>): void {
    const present = this.#nodes.get(node.metadata.name);
    if (present !== undefined) {
      present.update(node);
      return;
    }
    const info = new NodeInfo(node);
    for (const pod of this.#waiting.get(node.metadata.name)?.values() ?? []) info.addPod(pod);
    this.#guard(info);
    this.#waiting.delete(node.metadata.name);
    this.#nodes.set(node.metadata.name, info);
    this.#list = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#waiting.set(name, new Map(info.pods));
    this.#nodes.delete(name);
    this.guarded.delete(info);
    this.#list = undefined;
  }

  /** Counts the Pod on the node: seen there, or assumed. */
  place(pod: Stored<Pod>, nodeName: string): void {
    const key = formatKey(keyOf(pod));
    if (this.#places.has(key) && this.#places.get(key) !== nodeName) this.remove(pod);
    this.#places.set(key, nodeName);
    this.withdraw(key);
    const info = this.#nodes.get(nodeName);
    if (info !== undefined) {
      info.addPod(pod);
      this.#guard(info);
      return;
    }
    const waiting = this.#waiting.get(nodeName) ?? new Map<string, Stored<Pod>>();
    waiting.set(key, pod);
    this.#waiting.set(nodeName, waiting);
  }

  /** Keeps room on the node for a Pod until it is placed or forgotten. */
  nominate(pod: Stored<Pod>, nodeName: string): void {
    const key = formatKey(keyOf(pod));
    this.withdraw(key);
    this.#nominations.set(key, nodeName);
    this.#nodes.get(nodeName)?.nominated.set(key, pod);
  }

  /** Room is no longer kept for the Pod. */
  withdraw(key: string): void {
    const nodeName = this.#nominations.get(key);
    if (nodeName === undefined) return;
    this.#nominations.delete(key);
    this.#nodes.get(nodeName)?.nominated.delete(key);
  }

  get(nodeName: string): NodeInfo | undefined {
    return this.#nodes.get(nodeName);
  }

  /** Forgets the Pod: deleted, finished, or its binding was refused. */
  remove(pod: Stored<Pod>): void {
    const key = formatKey(keyOf(pod));
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#places.delete(key);
    const info = this.#nodes.get(place);
    if (info !== undefined) {
      info.removePod(pod);
      this.#guard(info);
    }
    this.#waiting.get(place)?.delete(key);
  }

  #guard(info: NodeInfo): void {
    if (info.guarded.size > 0) this.guarded.add(info);
    else this.guarded.delete(info);
  }

  isPlaced(key: string): boolean {
    return this.#places.has(key);
  }
}
