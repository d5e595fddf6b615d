import type { Pod, PodTemplateSpec } from "@jdos/api";
import { controllerReference, type DeepReadonly, deepCopy, type KubeObject } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/** A Pod to create from a controller's template: its labels, annotations and spec, named after the owner. */
export function podFromTemplate(owner: Stored<KubeObject>, template: DeepReadonly<PodTemplateSpec>): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      generateName: `${owner.metadata.name.slice(0, 246)}-`,
      namespace: owner.metadata.namespace,
      labels: { ...labels },
      annotations: { ...annotations },
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: deepCopy<Pod["spec"]>(template.spec),
  };
}
