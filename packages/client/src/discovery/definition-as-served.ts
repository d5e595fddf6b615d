import type { ResourceType } from "@jdos/apimachinery";
import type { Discovery } from "./discovery.ts";
import { isOlder } from "./server-version.ts";

/** The first Kubernetes whose API server checks the rules (CEL) of definitions as they come; older ones refuse to apply them. */
const CHECKS_RULES = { major: 1, minor: 25 } as const;
const RULES = "x-kubernetes-validations";

/**
 * A CustomResourceDefinition without the rules of its schemas, for a server that knows none: what they would refuse is
 * taken there. Any other object as it is.
 */
export async function definitionAsServed<T extends object>(
  discovery: Discovery,
  { group, kind }: Pick<ResourceType, "group" | "kind">,
  object: T,
): Promise<T> {
  if (kind !== "CustomResourceDefinition" || group !== "apiextensions.k8s.io") return object;
  return isOlder(await discovery.version(), CHECKS_RULES) ? (withoutRules(object) as T) : object;
}

function withoutRules(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutRules);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, member]) => key !== RULES || !Array.isArray(member));
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutRules(member)]));
}
