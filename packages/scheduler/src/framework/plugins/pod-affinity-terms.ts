import type { Pod } from "@jdos/api";
import { type DeepReadonly, type LabelSelector, matchesSelector } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/** A term of pod affinity, as far as it is served. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly labelSelector?: DeepReadonly<LabelSelector>;
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: DeepReadonly<LabelSelector>;
}

export interface WeightedTerm {
  readonly term: AffinityTerm;
  /** Negative for anti-affinity. */
  readonly weight: number;
}

/** The terms that must hold. */
export function affinityTerms(
  { spec }: Stored<Pod>,
  kind: "podAffinity" | "podAntiAffinity",
): readonly AffinityTerm[] {
  return spec?.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** The terms that are wished for. */
export function preferredTerms({ spec }: Stored<Pod>): WeightedTerm[] {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const near = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const apart = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...near.map(({ podAffinityTerm, weight }) => ({ term: podAffinityTerm, weight })),
    ...apart.map(({ podAffinityTerm, weight }) => ({ term: podAffinityTerm, weight: -weight })),
  ];
}

/** Whether a term of `owner` selects the other Pod. Without namespaces it means the owner's own. */
export function selects(term: AffinityTerm, owner: Stored<Pod>, other: Stored<Pod>): boolean {
  const { namespaces = [], namespaceSelector, labelSelector } = term;
  const everywhere = namespaceSelector !== undefined;
  const own = namespaces.length === 0 ? [owner.metadata.namespace] : namespaces;
  if (!everywhere && !own.includes(other.metadata.namespace ?? "")) return false;
  return matchesSelector(labelSelector, other.metadata.labels);
}
