import type { Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { NodeInfo } from "../cache/node-info.ts";

/** All nodes, as the plugins see them. */
export interface ClusterView {
  readonly nodes: readonly NodeInfo[];
  /** Those of `nodes` with a Pod that keeps others away by required anti-affinity. */
  readonly guarded: ReadonlySet<NodeInfo>;
}

/** Why a node cannot take a Pod, in the words of kubectl describe: "Insufficient cpu". */
export interface Rejection {
  readonly reasons: readonly string[];
  /** Taking other Pods off the node would not help. Defaults to false. */
  readonly unresolvable?: boolean;
}

/**
 * One rule of scheduling. Pure and synchronous: it sees the cache and says yes, no or how well. A plugin
 * implements the steps it has something to say about.
 */
export interface Plugin {
  readonly name: string;
  /** Looked at once a Pod, before any node; a rejection here holds for every node. */
  preFilter?(pod: Stored<Pod>): Rejection | undefined;
  /** Whether filter and score have anything to say about the Pod, whatever the node. Defaults to yes. */
  concerns?(pod: Stored<Pod>, cluster: ClusterView): boolean;
  /** Work done once a Pod over all nodes; what it gives is handed to filter and score. */
  prepare?(pod: Stored<Pod>, cluster: ClusterView): unknown;
  /** Undefined: the node is fit. */
  filter?(pod: Stored<Pod>, node: NodeInfo, prepared: unknown): Rejection | undefined;
  /** 0 to 100; more is better. */
  score?(pod: Stored<Pod>, node: NodeInfo, prepared: unknown): number;
  /** Weight of the score. Defaults to 1. */
  readonly weight?: number;
}
