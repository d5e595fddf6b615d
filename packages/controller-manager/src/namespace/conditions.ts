import type { Namespace } from "@jdos/api";
import { type Condition, type DeepReadonly, setCondition } from "@jdos/apimachinery";
import type { Remainder } from "./empty-namespace.ts";

type NamespaceStatus = NonNullable<Namespace["status"]>;

/** What a terminating namespace says of its end, in Kubernetes' words. */
export function terminatingStatus(
  status: DeepReadonly<NamespaceStatus> | undefined,
  remainder: Remainder,
  now: Date,
): NamespaceStatus {
  let conditions = (status?.conditions ?? []) as Condition[];
  for (const next of conditionsOf(remainder)) conditions = setCondition(conditions, next, now);
  return { phase: "Terminating", conditions: conditions as NamespaceStatus["conditions"] };
}

function conditionsOf({ counts, finalizers, failures }: Remainder): Condition[] {
  return [
    choose("NamespaceDeletionContentFailure", failures.length > 0, {
      yes: [
        "ContentDeletionFailed",
        `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(", ")}`,
      ],
      no: ["ContentDeleted", "All content successfully deleted, may be waiting on finalization"],
    }),
    choose("NamespaceContentRemaining", counts.size > 0, {
      yes: [
        "SomeResourcesRemain",
        `Some resources are remaining: ${sentence(counts, "has", "resource instances")}`,
      ],
      no: ["ContentRemoved", "All content successfully removed"],
    }),
    choose("NamespaceFinalizersRemaining", finalizers.size > 0, {
      yes: [
        "SomeFinalizersRemain",
        `Some content in the namespace has finalizers remaining: ${sentence(finalizers, "in", "resource instances")}`,
      ],
      no: ["ContentHasNoFinalizers", "All content-preserving finalizers finished"],
    }),
  ];
}

interface Choice {
  yes: readonly [reason: string, message: string];
  no: readonly [reason: string, message: string];
}

function choose(type: string, holds: boolean, { yes, no }: Choice): Condition {
  const [reason, message] = holds ? yes : no;
  return { type, status: holds ? "True" : "False", reason, message };
}

/** `pods. has 2 resource instances, secrets. has 1 resource instances` */
function sentence(counts: ReadonlyMap<string, number>, verb: string, noun: string): string {
  return [...counts]
    .map(
      ([name, count]) =>
        `${verb === "has" && !name.includes(".") ? `${name}.` : name} ${verb} ${count} ${noun}`,
    )
    .sort()
    .join(", ");
}
