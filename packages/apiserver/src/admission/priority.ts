import type { Pod, PriorityClass } from "@jdos/api";
import { type DeepReadonly, type Mutable, StatusError } from "@jdos/apimachinery";
import type { AdmissionStep } from "./admission.ts";
import type { AdmissionWorld } from "./steps.ts";

const RESOURCE = "priorityclasses.scheduling.k8s.io";

/** Turns the name of a Pod's PriorityClass into its number. */
export function priority({ store }: AdmissionWorld): AdmissionStep {
  const classOf = (name: string) => {
    if (name !== "")
      return store.peek({ resource: RESOURCE, namespace: "", name }) as unknown as
        | DeepReadonly<PriorityClass>
        | undefined;
    for (const object of store.peekAll(RESOURCE)) {
      const found = object as unknown as DeepReadonly<PriorityClass>;
      if (found.globalDefault) return found;
    }
    return undefined;
  };
  return {
    name: "Priority",
    mutate({ operation, call, object }) {
      if (operation !== "CREATE" || call.endpoint.type.kind !== "Pod" || call.subresource !== undefined)
        return;
      const { spec } = object as Mutable<Pod>;
      if (spec === undefined) return;
      const name = spec.priorityClassName ?? "";
      const found = classOf(name);
      if (found === undefined && name !== "") {
        throw new StatusError(
          "Forbidden",
          `pods "${call.name}" is forbidden: no PriorityClass with name ${name} was found`,
          { details: { name: call.name, kind: "pods" } },
        );
      }
      if (found?.metadata?.name !== undefined) spec.priorityClassName = found.metadata.name;
      spec.priority = found?.value ?? 0;
      spec.preemptionPolicy ??= found?.preemptionPolicy ?? "PreemptLowerPriority";
    },
  };
}
