import { type Pod, Pods, type ResourceQuota, ResourceQuotas, Services } from "@jdos/api";
import {
  canonicalQuantity,
  deepEqual,
  formatBytes,
  formatCpu,
  inQuotaScope,
  type KubeObject,
  keyOf,
  type ObjectKey,
  type Usage,
  usageOf,
} from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import {
  applyStatus,
  type ControllerOptions,
  type ReconcileContext,
  type Result,
} from "@jdos/controller-runtime";
import { discoverResources } from "../discovery/discover-resources.ts";

/** Objects other than Pods and Services are counted this often. */
const RECOUNT_SECONDS = 60;
/** A namespace whose Pods come and go by the hundred is not counted again at each of them. */
const MIN_INTERVAL_SECONDS = 0.1;

/**
 * Shows in each quota's status what its namespace uses. The API server keeps the limits by itself; this is for
 * those who read.
 */
export function resourceQuotaController(): ControllerOptions {
  return {
    name: "resourcequota",
    eventSource: "resourcequota-controller",
    for: ResourceQuotas,
    watches: [
      { type: Pods, keys: quotasBeside },
      { type: Services, keys: quotasBeside },
    ],
    concurrency: 1,
    minIntervalSeconds: MIN_INTERVAL_SECONDS,
    reconcile,
  };
}

function quotasBeside({ metadata }: Stored<KubeObject>, informers: InformerFactory): ObjectKey[] {
  return informers.for(ResourceQuotas).lister.list(metadata.namespace).map(keyOf);
}

async function reconcile(context: ReconcileContext, key: ObjectKey): Promise<Result | undefined> {
  const quota = context.informers.for(ResourceQuotas).lister.get(key);
  if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return undefined;
  const hard = (quota.spec?.hard ?? {}) as Readonly<Record<string, string>>;
  const { used, counted } = await usageOfNamespace(context, quota, Object.keys(hard));
  if (!deepEqual(quota.status, { hard, used })) {
    await applyStatus<ResourceQuota>(context.client, {
      type: ResourceQuotas,
      object: quota,
      status: { hard, used },
    });
  }
  return counted ? { requeueAfterSeconds: RECOUNT_SECONDS } : undefined;
}

interface Used {
  used: Record<string, string>;
  /** Something had to be counted that no informer shows. */
  counted: boolean;
}

async function usageOfNamespace(
  context: ReconcileContext,
  quota: Stored<ResourceQuota>,
  keys: readonly string[],
): Promise<Used> {
  const sums = sumsOf(context.informers, quota);
  const used: Record<string, string> = {};
  let counted = false;
  for (const key of keys) {
    let amount = sums.get(key);
    if (amount === undefined && isCount(key)) {
      amount = await countObjects(context, quota.metadata.namespace ?? "", key.replace(/^count\//, ""));
      counted = true;
    }
    used[key] = format(key, amount ?? 0);
  }
  return { used, counted };
}

/** What the Pods the quota's scopes hold, and the Services, use. */
function sumsOf(informers: InformerFactory, { metadata, spec }: Stored<ResourceQuota>): Map<string, number> {
  const scopes = spec?.scopes ?? [];
  const sums = new Map<string, number>(
    ["count/pods", "count/services", "pods", "services"].map((key) => [key, 0]),
  );
  const add = (usage: Usage): void => {
    for (const key in usage) sums.set(key, (sums.get(key) ?? 0) + usage[key]!);
  };
  for (const pod of informers.for(Pods).lister.list(metadata.namespace)) {
    if (scopes.every((scope) => inQuotaScope(pod, scope))) add(usageOfPod(pod));
  }
  for (const service of informers.for(Services).lister.list(metadata.namespace))
    add(usageOf(Services, service));
  return sums;
}

const podUsages = new WeakMap<Stored<Pod>, Usage>();

/** Worked out once for each state of a Pod. */
function usageOfPod(pod: Stored<Pod>): Usage {
  let usage = podUsages.get(pod);
  if (usage === undefined) {
    usage = usageOf(Pods, pod);
    podUsages.set(pod, usage);
  }
  return usage;
}

const PLAIN_COUNTS = new Set([
  "configmaps",
  "persistentvolumeclaims",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
]);

function isCount(key: string): boolean {
  return key.startsWith("count/") || PLAIN_COUNTS.has(key);
}

async function countObjects({ client }: ReconcileContext, namespace: string, name: string): Promise<number> {
  const [resource, ...group] = name.split(".");
  const types = await discoverResources(client);
  const type = types.find(
    (each) => each.resource === resource && each.group === group.join(".") && each.namespaced,
  );
  if (type === undefined || !type.verbs.includes("list")) return 0;
  const { items, metadata } = await client.list(type, { namespace, limit: 1 });
  return items.length + (metadata.remainingItemCount ?? 0);
}

function format(key: string, amount: number): string {
  const name = key.replace(/^(requests|limits)\./, "");
  if (name === "cpu") return formatCpu(Math.round(amount * 1000));
  if (name === "memory" || name.endsWith("storage")) return formatBytes(Math.round(amount));
  return canonicalQuantity(amount) ?? "0";
}
