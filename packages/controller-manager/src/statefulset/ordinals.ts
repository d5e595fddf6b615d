import type { Pod, StatefulSet } from "@jdos/api";
import { controllerReference, deepCopy } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { REVISION_LABEL, templateOf } from "../controllerrevision/revisions.ts";

export const POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name";
export const POD_INDEX_LABEL = "apps.kubernetes.io/pod-index";

/** The ordinals a set has now: from spec.ordinals.start, as many as replicas. */
export function ordinalsOf({ spec }: Stored<StatefulSet>): number[] {
  const start = (spec as { ordinals?: { start?: number } } | undefined)?.ordinals?.start ?? 0;
  return Array.from({ length: spec?.replicas ?? 1 }, (_, index) => start + index);
}

/** The ordinal in a Pod's name, when the name is one of the set's. */
export function ordinalOf(set: Stored<StatefulSet>, podName: string): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const text = podName.startsWith(prefix) ? podName.slice(prefix.length) : "";
  return /^(0|[1-9]\d*)$/.test(text) ? Number(text) : undefined;
}

/** The name of the claim that a template makes for an ordinal. */
export function claimName(set: Stored<StatefulSet>, template: string, ordinal: number): string {
  return `${template}-${set.metadata.name}-${ordinal}`;
}

export interface PodOfOrdinal {
  ordinal: number;
  /** The template of the revision the Pod is to be of. */
  revision: Parameters<typeof templateOf>[0];
  hash: string;
}

/** The Pod of an ordinal: a name, a host name and claims of its own. */
export function podOf(set: Stored<StatefulSet>, { ordinal, revision, hash }: PodOfOrdinal): Pod {
  const template = templateOf(revision);
  const name = `${set.metadata.name}-${ordinal}`;
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const spec = deepCopy<NonNullable<Pod["spec"]>>(template.spec!);
  const claims = (set.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? "");
  const claimed = claims.map((claim) => ({
    name: claim,
    persistentVolumeClaim: { claimName: claimName(set, claim, ordinal) },
  }));
  spec.volumes = [...(spec.volumes ?? []).filter((volume) => !claims.includes(volume.name)), ...claimed];
  spec.hostname = name;
  spec.subdomain = set.spec!.serviceName;
  return {
    metadata: {
      name,
      namespace: set.metadata.namespace,
      labels: {
        ...labels,
        [REVISION_LABEL]: hash,
        [POD_NAME_LABEL]: name,
        [POD_INDEX_LABEL]: String(ordinal),
      },
      annotations: { ...annotations },
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(set)],
    },
    spec,
  };
}
