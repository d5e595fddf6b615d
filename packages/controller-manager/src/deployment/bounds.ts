import type { Deployment } from "@jdos/api";
import type { Stored } from "@jdos/client";

export function desiredReplicas(deployment: Stored<Deployment>): number {
  return deployment.spec?.replicas ?? 1;
}

export function isRollingUpdate(deployment: Stored<Deployment>): boolean {
  return (deployment.spec?.strategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

/** How far a rolling update may stray from the desired number of Pods. */
export interface Bounds {
  surge: number;
  unavailable: number;
}

/** The bounds in Pods: a share of surge is rounded up, of unavailability down; both nothing would never end. */
export function boundsOf(deployment: Stored<Deployment>): Bounds {
  const replicas = desiredReplicas(deployment);
  const { maxSurge = "25%", maxUnavailable = "25%" } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const surge = resolve(maxSurge, replicas, Math.ceil);
  const unavailable = resolve(maxUnavailable, replicas, Math.floor);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

function resolve(value: string | number, total: number, round: (share: number) => number): number {
  if (typeof value === "number") return value;
  const percent = Number(value.replace(/%$/, ""));
  return Number.isFinite(percent) ? round((percent * total) / 100) : 0;
}

/** Pods beyond the desired ones while a rolling update runs. */
export function maxSurge(deployment: Stored<Deployment>): number {
  return isRollingUpdate(deployment) ? boundsOf(deployment).surge : 0;
}

/** Pods that may be missing; with Recreate all may. */
export function maxUnavailable(deployment: Stored<Deployment>): number {
  const replicas = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment) || replicas === 0) return 0;
  return Math.min(replicas, boundsOf(deployment).unavailable);
}
