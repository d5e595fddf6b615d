import type { PolicyRule } from "@jdos/api";

export const READ = ["get", "list", "watch"];
export const WRITE = ["create", "delete", "deletecollection", "patch", "update"];
export const ALL = [...READ, ...WRITE];

/** A rule in one line: verbs on resources of a group. */
export function allow(
  verbs: string[],
  group: string | string[],
  resources: string[],
  names?: string[],
): PolicyRule {
  return {
    verbs,
    apiGroups: typeof group === "string" ? [group] : group,
    resources,
    ...(names === undefined ? {} : { resourceNames: names }),
  };
}

export function allowPaths(verbs: string[], paths: string[]): PolicyRule {
  return { verbs, nonResourceURLs: paths };
}
