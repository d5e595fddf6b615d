import type { KubeObject } from "./meta.ts";

/** How a Kind is reached over the API. One constant a Kind stands in @jdos/api (Pods, Deployments, ...). */
export interface ResourceType<T extends KubeObject = KubeObject> {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, lower case, as in the path. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Carries the object's type; never present at run time. */
  readonly example?: T;
}

/** "v1" or "apps/v1". */
export function apiVersionOf(type: Pick<ResourceType, "group" | "version">): string {
  return type.group === "" ? type.version : `${type.group}/${type.version}`;
}

/** Splits "apps/v1" into its group and version; "v1" has the group "". */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** "pods" or "deployments.apps": how messages and RBAC name a resource. */
export function qualifiedResource(type: Pick<ResourceType, "group" | "resource">): string {
  return type.group === "" ? type.resource : `${type.resource}.${type.group}`;
}

export interface ResourcePath {
  namespace?: string;
  name?: string;
  subresource?: string;
}

/** The URL path of a collection, an object or a subresource. Segments are percent-encoded. */
export function resourcePath(type: ResourceType, at: ResourcePath = {}): string {
  const root = type.group === "" ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const namespace =
    type.namespaced && at.namespace !== undefined && at.namespace !== ""
      ? `/namespaces/${encodeURIComponent(at.namespace)}`
      : "";
  const name = at.name === undefined ? "" : `/${encodeURIComponent(at.name)}`;
  const subresource = at.subresource === undefined ? "" : `/${at.subresource}`;
  return `${root}${namespace}/${type.resource}${name}${subresource}`;
}
