import type { PolicyRule } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { Attributes } from "./authorizer.ts";

export type Rule = DeepReadonly<PolicyRule>;

/** True when a rule allows what is asked. */
export function ruleAllows(rule: Rule, asked: Attributes): boolean {
  if (!has(rule.verbs, asked.verb)) return false;
  return asked.resource === undefined
    ? pathAllowed(rule.nonResourceURLs, asked.path ?? "")
    : resourceAllowed(rule, asked);
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes(value) || list.includes("*"));
}

function resourceAllowed(rule: Rule, { group = "", resource = "", subresource, name }: Attributes): boolean {
  if (!has(rule.apiGroups, group) || !matchesResource(rule.resources, resource, subresource)) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || (name !== undefined && name !== "" && names.includes(name));
}

function matchesResource(
  resources: readonly string[] | undefined,
  resource: string,
  subresource: string | undefined,
): boolean {
  if (resources === undefined) return false;
  if (resources.includes("*")) return true;
  if (subresource === undefined) return resources.includes(resource);
  return resources.includes(`${resource}/${subresource}`) || resources.includes(`*/${subresource}`);
}

function pathAllowed(urls: readonly string[] | undefined, path: string): boolean {
  return (urls ?? []).some((url) => (url.endsWith("*") ? path.startsWith(url.slice(0, -1)) : url === path));
}
