import { parseQuantity } from "./quantity.ts";
import { qualifiedResource, type ResourceType } from "./resource.ts";

interface ContainerLike {
  readonly name: string;
  readonly resources?: { readonly requests?: object; readonly limits?: object };
}

/** What of a Pod counts for a quota. */
export interface QuotaPod {
  readonly spec?: {
    readonly containers?: readonly ContainerLike[];
    readonly initContainers?: readonly ContainerLike[];
    readonly activeDeadlineSeconds?: number;
  };
  readonly status?: { readonly phase?: string };
}

interface QuotaService {
  readonly spec?: { readonly type?: string; readonly ports?: readonly { readonly nodePort?: number }[] };
}

/** Amounts by the names a ResourceQuota uses: pods, requests.cpu (cores), limits.memory (bytes), count/jobs.batch. */
export type Usage = Readonly<Record<string, number>>;

const COUNTED: ReadonlySet<string> = new Set([
  "configmaps",
  "persistentvolumeclaims",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "services",
]);
const REQUESTED: Readonly<Record<string, string>> = {
  cpu: "cpu",
  memory: "memory",
  "ephemeral-storage": "ephemeral-storage",
};

/** What one object uses. */
export function usageOf(type: ResourceType, object: object): Usage {
  const usage: Record<string, number> = { [`count/${qualifiedResource(type)}`]: 1 };
  if (type.group !== "") return usage;
  if (COUNTED.has(type.resource)) usage[type.resource] = 1;
  if (type.resource === "services") addService(usage, object as QuotaService);
  if (type.resource === "pods") return podUsage(usage, object as QuotaPod);
  return usage;
}

function addService(usage: Record<string, number>, { spec }: QuotaService): void {
  if (spec?.type === "LoadBalancer") usage["services.loadbalancers"] = 1;
  if (spec?.type === "NodePort" || spec?.type === "LoadBalancer")
    usage["services.nodeports"] = (spec.ports ?? []).filter(({ nodePort }) => nodePort).length;
}

/** A Pod that has ended uses nothing but its place in the count of objects. */
function podUsage(usage: Record<string, number>, pod: QuotaPod): Usage {
  const phase = pod.status?.phase;
  if (phase === "Succeeded" || phase === "Failed") return usage;
  usage.pods = 1;
  for (const [of, prefix] of [
    ["requests", "requests."],
    ["limits", "limits."],
  ] as const) {
    for (const [name, amount] of Object.entries(podTotals(pod, of))) {
      usage[prefix + name] = amount;
      if (of === "requests" && REQUESTED[name] !== undefined) usage[name] = amount;
    }
  }
  return usage;
}

/** The sum over containers, or the largest init container where that is more. */
function podTotals({ spec }: QuotaPod, of: "requests" | "limits"): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { resources } of spec?.containers ?? []) {
    for (const [name, amount] of amounts(resources?.[of])) total[name] = (total[name] ?? 0) + amount;
  }
  for (const { resources } of spec?.initContainers ?? []) {
    for (const [name, amount] of amounts(resources?.[of])) total[name] = Math.max(total[name] ?? 0, amount);
  }
  return total;
}

function amounts(quantities: object | undefined): [string, number][] {
  return Object.entries(quantities ?? {}).map(([name, text]) => [name, parseQuantity(text as string) ?? 0]);
}

/** The containers of a Pod that say nothing about an amount a quota limits. */
export function silentContainers({ spec }: QuotaPod, key: string): string[] {
  const [of, name] = key.startsWith("limits.")
    ? (["limits", key.slice(7)] as const)
    : (["requests", key.replace(/^requests\./, "")] as const);
  if (REQUESTED[name] === undefined) return [];
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return all
    .filter(({ resources }) => (resources?.[of] as Record<string, unknown> | undefined)?.[name] === undefined)
    .map((container) => container.name);
}

/** Whether a scope of a quota holds the Pod. An unknown scope holds none. */
export function inQuotaScope({ spec }: QuotaPod, scope: string): boolean {
  const bestEffort = (spec?.containers ?? []).every(
    ({ resources }) => Object.keys({ ...resources?.limits, ...resources?.requests }).length === 0,
  );
  switch (scope) {
    case "BestEffort":
      return bestEffort;
    case "NotBestEffort":
      return !bestEffort;
    case "Terminating":
      return spec?.activeDeadlineSeconds !== undefined;
    case "NotTerminating":
      return spec?.activeDeadlineSeconds === undefined;
    default:
      return false;
  }
}
