import type { PodDisruptionBudget } from "@jdos/api";
import { type KubeObject, matchesSelector, notFound, StatusError } from "@jdos/apimachinery";
import { authorizeCall } from "../authorization/authorize.ts";
import type { StoredObject } from "../storage/event.ts";
import { type Call, type Core, keyOfCall } from "./call.ts";
import { type DeleteCallOptions, removeUnasked } from "./delete.ts";
import type { SubresourceDoor } from "./subresource.ts";

type EvictionBody = KubeObject & { deleteOptions?: DeleteCallOptions };

/** POST pods/eviction: deletes a Pod if the disruption budgets over it allow one more disruption. */
export const podEviction: SubresourceDoor = {
  async create(core, call, body: EvictionBody, options) {
    authorizeCall(core, call, "create");
    const pod = core.store.get(keyOfCall(call));
    if (pod === undefined) throw notFound(call.endpoint.type, call.name);
    checkBudgets(core, call, pod);
    const { subresource: _, ...whole } = call;
    await removeUnasked(core, whole, { ...body.deleteOptions, ...(options.dryRun ? { dryRun: true } : {}) });
    return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  },
};

function checkBudgets(core: Core, call: Call, pod: StoredObject): void {
  for (const object of core.store.table("poddisruptionbudgets.policy").values(call.namespace)) {
    const budget = object as unknown as PodDisruptionBudget;
    if (!matchesSelector(budget.spec?.selector, pod.metadata.labels)) continue;
    if ((budget.status?.disruptionsAllowed ?? 0) > 0) continue;
    throw new StatusError(
      "TooManyRequests",
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        details: {
          causes: [
            {
              reason: "DisruptionBudget",
              message: `The disruption budget ${object.metadata.name} needs ${budget.status?.desiredHealthy ?? 0} healthy pods and has ${budget.status?.currentHealthy ?? 0} currently`,
            },
          ],
        },
      },
    );
  }
}
