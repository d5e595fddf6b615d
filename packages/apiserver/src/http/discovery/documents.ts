import type { Catalog, Endpoint } from "../../registry/catalog.ts";
import { type ServedGroup, type ServedVersion, servedGroups, verbsOf } from "./resources.ts";

/** GET /api */
export function apiVersions(address: string): object {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
  };
}

/** GET /apis */
export function apiGroupList(catalog: Catalog): object {
  const groups = servedGroups(catalog).filter(({ group }) => group !== "");
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map(groupEntry) };
}

/** GET /apis/<group>; undefined when the group is not served. */
export function apiGroup(catalog: Catalog, name: string): object | undefined {
  const group = servedGroups(catalog).find((each) => each.group === name && name !== "");
  return group === undefined ? undefined : { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) };
}

function groupEntry({ group, versions }: ServedGroup) {
  const all = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: all, preferredVersion: all[0] };
}

/** GET /api/v1 and /apis/<group>/<version>; undefined when it is not served. */
export function apiResourceList(catalog: Catalog, group: string, version: string): object | undefined {
  const served = servedGroups(catalog)
    .find((each) => each.group === group)
    ?.versions.find((each) => each.version === version);
  if (served === undefined) return undefined;
  return {
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: resources(served),
  };
}

function resources({ endpoints }: ServedVersion): object[] {
  return endpoints.flatMap((endpoint) => [resourceEntry(endpoint), ...subresourceEntries(endpoint)]);
}

function resourceEntry(endpoint: Endpoint): object {
  const { strategy, type } = endpoint;
  return {
    name: type.resource,
    singularName: strategy.singular,
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: verbsOf(endpoint),
    ...(strategy.shortNames === undefined ? {} : { shortNames: strategy.shortNames }),
    ...(strategy.categories === undefined ? {} : { categories: strategy.categories }),
  };
}

function subresourceEntries({ strategy, type }: Endpoint): object[] {
  return strategy.subresources.map(({ name, verbs, group, version, kind }) => ({
    name: `${type.resource}/${name}`,
    singularName: "",
    namespaced: type.namespaced,
    ...(group === undefined ? {} : { group }),
    ...(version === undefined ? {} : { version }),
    kind: kind ?? type.kind,
    verbs,
  }));
}
