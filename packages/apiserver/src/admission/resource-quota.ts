import type { Pod, ResourceQuota } from "@jdos/api";
import {
  type DeepReadonly,
  formatBytes,
  formatCpu,
  inQuotaScope,
  parseQuantity,
  qualifiedResource,
  StatusError,
  silentContainers,
  type Usage,
  usageOf,
} from "@jdos/apimachinery";
import type { AdmissionRequest, AdmissionStep } from "./admission.ts";
import { QuotaLedger } from "./quota-ledger.ts";
import type { AdmissionWorld } from "./steps.ts";

type Quota = DeepReadonly<ResourceQuota>;

/** A namespace uses no more than its quotas say. Quotas with scopes are counted by what their scopes hold. */
export function resourceQuota({ store }: AdmissionWorld): AdmissionStep {
  const ledgers = new Map<string, QuotaLedger>();
  const ledgerOf = ({ call }: AdmissionRequest): QuotaLedger => {
    const { storageKey, type } = call.endpoint;
    let ledger = ledgers.get(storageKey);
    if (ledger === undefined) {
      ledger = new QuotaLedger(store, storageKey, (object) => usageOf(type, object));
      ledgers.set(storageKey, ledger);
    }
    return ledger;
  };
  return {
    name: "ResourceQuota",
    validate(request) {
      const { call, object, old, operation } = request;
      const { type } = call.endpoint;
      if (operation === "DELETE" || !type.namespaced || call.subresource !== undefined) return;
      const quotas = quotasOf(request, [
        ...store.peekAll("resourcequotas", call.namespace),
      ] as unknown as Quota[]);
      if (quotas.length === 0) return;
      const wanted = increase(usageOf(type, object), old === undefined ? {} : usageOf(type, old));
      const ledger = ledgerOf(request);
      for (const quota of quotas)
        judge(request, quota, { wanted, used: (key) => ledger.used(call.namespace, key) });
      if (operation !== "CREATE") return;
      ledger.reserve(call.namespace, call.name, wanted);
      request.onFailure(() => ledger.release(call.namespace, call.name));
    },
  };
}

/** The quotas that concern an object: those without scopes, and those whose scopes hold it. */
function quotasOf({ call, object }: AdmissionRequest, quotas: readonly Quota[]): Quota[] {
  if (call.endpoint.type.kind === "ResourceQuota") return [];
  return quotas.filter(({ spec }) =>
    (spec?.scopes ?? []).every(
      (scope) => call.endpoint.type.kind === "Pod" && inQuotaScope(object as DeepReadonly<Pod>, scope),
    ),
  );
}

function increase(next: Usage, before: Usage): Usage {
  return Object.fromEntries(
    Object.entries(next)
      .map(([key, amount]) => [key, amount - (before[key] ?? 0)] as const)
      .filter(([, amount]) => amount > 0),
  );
}

function judge(
  request: AdmissionRequest,
  quota: Quota,
  { wanted, used }: { wanted: Usage; used: (key: string) => number },
): void {
  const { call, object, operation } = request;
  const hard = Object.entries((quota.spec?.hard ?? {}) as Record<string, string>);
  if (call.endpoint.type.kind === "Pod" && operation === "CREATE") {
    const silent = hard.flatMap(([key]) => {
      const names = silentContainers(object as DeepReadonly<Pod>, key);
      return names.length === 0 ? [] : [`${key} for: ${names.join(",")}`];
    });
    if (silent.length > 0)
      throw refused(request, `failed quota: ${quota.metadata?.name}: must specify ${silent.join("; ")}`);
  }
  const over = hard.filter(
    ([key, limit]) => (wanted[key] ?? 0) > 0 && used(key) + wanted[key]! > (parseQuantity(limit) ?? 0) + 1e-9,
  );
  if (over.length === 0) return;
  const list = (amount: (key: string, limit: string) => string) =>
    over.map(([key, limit]) => `${key}=${amount(key, limit)}`).join(",");
  throw refused(
    request,
    `exceeded quota: ${quota.metadata?.name}, requested: ${list((key) => format(key, wanted[key]!))}, used: ${list((key) => format(key, used(key)))}, limited: ${list((_, limit) => limit)}`,
  );
}

function format(key: string, amount: number): string {
  if (key.endsWith("cpu")) return formatCpu(Math.round(amount * 1000));
  return key.endsWith("memory") || key.endsWith("storage") ? formatBytes(amount) : String(amount);
}

function refused({ call }: AdmissionRequest, why: string): StatusError {
  const { type } = call.endpoint;
  return new StatusError("Forbidden", `${qualifiedResource(type)} "${call.name}" is forbidden: ${why}`, {
    details: { name: call.name, ...(type.group === "" ? {} : { group: type.group }), kind: type.resource },
  });
}
