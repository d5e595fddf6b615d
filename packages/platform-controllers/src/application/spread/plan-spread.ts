import type { ImageSpread, Node, Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { SpreadSettings } from "../../options.ts";
import type { Growth } from "./growth.ts";
import { nodesWithout } from "./nodes-without.ts";
import { pulledImage, pullResult } from "./pull-pod.ts";

export interface SpreadWorld {
  readonly growth: Growth | undefined;
  /** What the Application's status says. */
  readonly before: ImageSpread | undefined;
  readonly nodes: readonly Stored<Node>[];
  /** The application's. */
  readonly pods: readonly Stored<Pod>[];
  /** Those by which nodes pull. */
  readonly pulls: readonly Stored<Pod>[];
  readonly settings: SpreadSettings;
  readonly now: Date;
}

export interface SpreadPlan {
  /** Nodes that are to begin. */
  readonly pull: readonly string[];
  /** Pods that are no longer needed. */
  readonly remove: readonly Stored<Pod>[];
  /** Present while Pods are held back. */
  readonly status?: ImageSpread;
  /** How it went, when it is over. */
  readonly result?: string;
  readonly againSeconds?: number;
}

/**
 * Which nodes pull an image now, before an application grows. It is worth it where more nodes than may pull at once would
 * pull at once. What nodes have done is kept in the status, and only then do their Pods go: a run may be killed at any line.
 */
export function planSpread(world: SpreadWorld): SpreadPlan {
  const { growth, before, pulls, settings, now } = world;
  const none: SpreadPlan = { pull: [], remove: pulls };
  if (growth === undefined || settings.parallel === 0) return none;
  const known = before?.image === growth.image ? before : undefined;
  const { nodes, failed, underWay } = progress(growth.image, known, pulls);
  const asked = new Set([...nodes, ...failed, ...underWay.map(nodeOf)]);
  const left = nodesWithout(growth.image, world)
    .filter((name) => !asked.has(name))
    // No more nodes than Pods to come: so many at most need it, and no quota is spent on others.
    .slice(0, Math.max(0, growth.pods - asked.size));
  const wanted = asked.size + left.length;
  if (known === undefined && Math.min(growth.pods, wanted) <= settings.parallel) return none;
  // Where one image follows another, Pods are not held back longer for it.
  const since = before?.since ?? now.toISOString();
  const remaining = settings.timeoutSeconds - (now.getTime() - Date.parse(since)) / 1000;
  if (remaining <= 0 || underWay.length + left.length === 0)
    return { ...none, result: result({ nodes, failed, wanted }) };
  // Never more Pods at once than nodes may pull at once: what is done and still there counts.
  const recorded = new Set([...(known?.nodes ?? []), ...(known?.failed ?? [])]);
  const message = `${growth.pods} Pods wait until nodes have pulled their image: ${counted({ nodes, failed, wanted })}`;
  const remove = pulls.filter((pod) => pulledImage(pod) !== growth.image || recorded.has(nodeOf(pod)));
  return {
    pull: left.slice(0, Math.max(0, settings.parallel - (pulls.length - remove.length))),
    remove,
    status: { image: growth.image, since, wanted, nodes, failed, message },
    againSeconds: Math.max(remaining, 0.1),
  };
}

type Counts = Pick<ImageSpread, "wanted"> & Required<Pick<ImageSpread, "nodes" | "failed">>;

function progress(image: string, known: ImageSpread | undefined, pulls: readonly Stored<Pod>[]) {
  const nodes = new Set(known?.nodes ?? []);
  const failed = new Set(known?.failed ?? []);
  const underWay: Stored<Pod>[] = [];
  for (const pod of pulls) {
    const node = nodeOf(pod);
    if (pulledImage(pod) !== image || nodes.has(node) || failed.has(node)) continue;
    const end = pullResult(pod);
    if (end === "pulled") nodes.add(node);
    else if (end === "failed") failed.add(node);
    else underWay.push(pod);
  }
  return { nodes: [...nodes].sort(), failed: [...failed].sort(), underWay };
}

function nodeOf({ spec }: Stored<Pod>): string {
  return spec?.nodeName ?? "";
}

function counted({ nodes, failed, wanted }: Counts): string {
  const most = `${nodes.length} of ${wanted} have`;
  return failed.length === 0 ? most : `${most}, ${failed.length} could not`;
}

function result(counts: Counts): string {
  const { nodes, failed, wanted } = counts;
  const late = wanted - nodes.length - failed.length;
  return `Nodes pulled the image: ${counted(counts)}${late === 0 ? "" : `, ${late} took too long`}`;
}
