import { applicationSpec } from "./schema/application.ts";

/** JSON schemas of what an application is besides its source: the Kind's own, in which no member goes unnoticed. */
export const SETTINGS_SCHEMA = (() => {
  const { build, run, routes, replicas, rollout, triggers, deployPolicy } = applicationSpec.properties;
  return closedSchema({ build, run, routes, replicas, rollout, triggers, deployPolicy });
})();

/** A Kind's schema as one for requests: unknown members are refused, defaults are left to the API server. */
export function closedSchema<T>(node: T): T {
  return close(node) as T;
}

function close(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(close);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node);
  // A mapping of members may have one called "default" or "format"; a schema's own say nothing here.
  const isSchema = typeof (node as { type?: unknown }).type === "string";
  const kept = isSchema ? entries.filter(([key]) => !isOfKubernetes(key)) : entries;
  const copy = Object.fromEntries(kept.map(([key, value]) => [key, close(value)]));
  const hasMembers = isSchema && copy.type === "object" && typeof copy.properties === "object";
  return hasMembers ? { ...copy, additionalProperties: false } : copy;
}

function isOfKubernetes(keyword: string): boolean {
  return keyword === "default" || keyword === "format" || keyword.startsWith("x-kubernetes-");
}
