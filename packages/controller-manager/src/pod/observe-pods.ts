import { type Pod, Pods } from "@jdos/api";
import { formatKey, type ResourceType } from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import { type Expectations, ownerKey } from "@jdos/controller-runtime";

/** Tells the expectations of an owner's Kind what the informer shows of its Pods. */
export function observePods(
  informers: InformerFactory,
  type: ResourceType,
  expectations: Expectations,
): void {
  const gone = (pod: Stored<Pod>): void => {
    const owner = ownerKey(pod, type);
    if (owner !== undefined) expectations.deletionObserved(formatKey(owner), pod.metadata.uid);
  };
  informers.for(Pods).addHandlers({
    added: (pod) => {
      const owner = ownerKey(pod, type);
      if (owner === undefined) return;
      if (pod.metadata.deletionTimestamp === undefined) expectations.creationObserved(formatKey(owner));
      else gone(pod);
    },
    updated: (pod) => {
      if (pod.metadata.deletionTimestamp !== undefined) gone(pod);
    },
    deleted: gone,
  });
}
