import type { Catalog, Endpoint } from "../../registry/catalog.ts";

export const VERBS = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
] as const;

export interface ServedVersion {
  readonly version: string;
  readonly endpoints: Endpoint[];
}

export interface ServedGroup {
  readonly group: string;
  readonly versions: ServedVersion[];
}

/** What is served, by group and version, in the order of registration. */
export function servedGroups(catalog: Catalog): ServedGroup[] {
  const groups = new Map<string, Map<string, Endpoint[]>>();
  for (const endpoint of catalog.all()) {
    const { group, version } = endpoint.type;
    const versions = groups.get(group) ?? new Map<string, Endpoint[]>();
    groups.set(group, versions);
    versions.set(version, [...(versions.get(version) ?? []), endpoint]);
  }
  return [...groups].map(([group, versions]) => ({
    group,
    versions: [...versions]
      .map(([version, endpoints]) => ({ version, endpoints }))
      .sort((a, b) => rank(b.version) - rank(a.version)),
  }));
}

/** v2 before v1 before v1beta1 before v1alpha1. */
function rank(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return -1;
  const stability = match[2] === undefined ? 2 : match[2] === "beta" ? 1 : 0;
  return stability * 1e6 + Number(match[1]) * 1e3 + Number(match[3] ?? 0);
}

export function verbsOf(endpoint: Endpoint): readonly string[] {
  return endpoint.review === undefined ? VERBS : ["create"];
}
