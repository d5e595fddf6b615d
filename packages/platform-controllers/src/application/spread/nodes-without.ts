import type { Node, Pod } from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/**
 * The names of the nodes that an application's Pods may go to and that are not known to have an image. A node names 50
 * images at most: what it does not name it may have all the same.
 */
export function nodesWithout(
  image: string,
  { nodes, pods }: { nodes: readonly Stored<Node>[]; pods: readonly Stored<Pod>[] },
): string[] {
  const used = new Set(pods.filter((pod) => hasStarted(pod, image)).map(({ spec }) => spec?.nodeName));
  return nodes
    .filter((node) => isOpen(node) && !used.has(node.metadata.name) && !names(node, image))
    .map(({ metadata }) => metadata.name)
    .sort();
}

/** Pods of applications tolerate no taint. */
function isOpen({ metadata, spec, status }: Stored<Node>): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    spec?.unschedulable !== true &&
    spec?.taints?.some(({ effect }) => effect !== "PreferNoSchedule") !== true &&
    isConditionTrue(status?.conditions, "Ready")
  );
}

function names({ status }: Stored<Node>, image: string): boolean {
  return status?.images?.some((each) => each.names?.includes(image) === true) === true;
}

function hasStarted({ spec, status }: Stored<Pod>, image: string): boolean {
  return spec?.containers[0]?.image === image && (status?.containerStatuses?.[0]?.imageID ?? "") !== "";
}
