import { type Pod, Pods } from "@jdos/api";
import { controllerOf } from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";

const INDEX = "controller-uid";

/** Files Pods under the uid of their controller. Call before the informers start; calling it twice is fine. */
export function indexControlledPods(informers: InformerFactory): void {
  informers.for(Pods).addIndex(INDEX, (pod) => {
    const owner = controllerOf(pod);
    return owner === undefined ? [] : [owner.uid];
  });
}

/** The Pods whose controller has this uid. Costs what it returns. */
export function controlledPods(informers: InformerFactory, uid: string): readonly Stored<Pod>[] {
  return informers.for(Pods).lister.byIndex(INDEX, uid);
}
