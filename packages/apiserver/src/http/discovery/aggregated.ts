import type { Catalog, Endpoint } from "../../registry/catalog.ts";
import type { Subresource } from "../../registry/strategy.ts";
import { servedGroups, verbsOf } from "./resources.ts";

/**
 * All of discovery in one answer.
 * @param core the core group (GET /api) or all others (GET /apis)
 */
export function aggregatedDiscovery(
  catalog: Catalog,
  { core, version }: { core: boolean; version: string },
): object {
  const groups = servedGroups(catalog).filter(({ group }) => (group === "") === core);
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: versions.map((served) => ({
        version: served.version,
        resources: served.endpoints.map(resourceEntry),
        freshness: "Current",
      })),
    })),
  };
}

function resourceEntry(endpoint: Endpoint): object {
  const { strategy, type } = endpoint;
  return {
    resource: type.resource,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? "Namespaced" : "Cluster",
    singularResource: strategy.singular,
    verbs: verbsOf(endpoint),
    ...(strategy.shortNames === undefined ? {} : { shortNames: strategy.shortNames }),
    ...(strategy.categories === undefined ? {} : { categories: strategy.categories }),
    ...(strategy.subresources.length === 0
      ? {}
      : { subresources: strategy.subresources.map((each) => subresourceEntry(endpoint, each)) }),
  };
}

function subresourceEntry({ type }: Endpoint, { name, verbs, group, version, kind }: Subresource): object {
  return {
    subresource: name,
    responseKind: { group: group ?? type.group, version: version ?? type.version, kind: kind ?? type.kind },
    verbs,
  };
}
