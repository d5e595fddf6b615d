import type { Deployment } from "@jdos/api";
import { findCondition, formatTime } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

export type DeploymentStatus = NonNullable<Deployment["status"]>;
export type DeploymentCondition = NonNullable<DeploymentStatus["conditions"]>[number];

/** The longest deadline there is: no deadline. */
const NO_DEADLINE = 2 ** 31 - 1;

export interface ConditionInput {
  type: "Available" | "Progressing" | "ReplicaFailure";
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
}

type Conditions = readonly Readonly<DeploymentCondition>[] | undefined;

/** The list with the condition; one of the same status and reason stays as it is, message and times included. */
export function withCondition(list: Conditions, next: ConditionInput, now: Date): DeploymentCondition[] {
  const current = findCondition(list, next.type);
  if (current?.status === next.status && current.reason === next.reason) return [...(list ?? [])];
  return replaced(list, next, { now, current });
}

/** As withCondition, but says again that it is so now: lastUpdateTime moves. */
export function withRenewedCondition(
  list: Conditions,
  next: ConditionInput,
  now: Date,
): DeploymentCondition[] {
  return replaced(list, next, { now, current: findCondition(list, next.type) });
}

function replaced(
  list: Conditions,
  next: ConditionInput,
  { now, current }: { now: Date; current: Readonly<DeploymentCondition> | undefined },
): DeploymentCondition[] {
  const time = formatTime(now);
  const lastTransitionTime = current?.status === next.status ? current.lastTransitionTime : time;
  return [...withoutCondition(list, next.type), { ...next, lastUpdateTime: time, lastTransitionTime }];
}

export function withoutCondition(list: Conditions, type: ConditionInput["type"]): DeploymentCondition[] {
  return (list ?? []).filter((condition) => condition.type !== type);
}

export function progressingOf(
  status: { readonly conditions?: Conditions } | undefined,
): Readonly<DeploymentCondition> | undefined {
  return findCondition(status?.conditions, "Progressing");
}

export function hasProgressDeadline(deployment: Stored<Deployment>): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== NO_DEADLINE;
}
