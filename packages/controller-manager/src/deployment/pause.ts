import { type Deployment, Deployments } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { applyStatus, type ReconcileContext } from "@jdos/controller-runtime";
import { hasProgressDeadline, progressingOf, withCondition } from "./conditions.ts";

/** Says in the Progressing condition that the Deployment was paused or resumed: a paused one does not time out. */
export async function withPauseReported(
  { client, now }: ReconcileContext,
  deployment: Stored<Deployment>,
): Promise<Stored<Deployment>> {
  const reason = progressingOf(deployment.status)?.reason;
  if (!hasProgressDeadline(deployment) || reason === "ProgressDeadlineExceeded") return deployment;
  const paused = deployment.spec?.paused === true;
  if (paused === (reason === "DeploymentPaused")) return deployment;
  const condition = paused
    ? { reason: "DeploymentPaused", message: "Deployment is paused" }
    : { reason: "DeploymentResumed", message: "Deployment is resumed" };
  const conditions = withCondition(
    deployment.status?.conditions,
    { type: "Progressing", status: "Unknown", ...condition },
    now(),
  );
  return applyStatus(client, {
    type: Deployments,
    object: deployment,
    status: { ...deployment.status, conditions },
  });
}
