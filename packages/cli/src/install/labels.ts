import type { KubeObject } from "@jdos/apimachinery";

/** Which installation an object belongs to. */
export const INSTALLATION_LABEL = "jdos.io/installation";
export const FIELD_MANAGER = "jdos-install";

/** The object as a member of an installation. */
export function labelled(object: KubeObject, installation: string): KubeObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: {
        ...metadata?.labels,
        "app.kubernetes.io/part-of": "jdos",
        [INSTALLATION_LABEL]: installation,
      },
    },
  };
}
