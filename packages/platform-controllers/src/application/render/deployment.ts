import type { Deployment } from "@jdos/api";
import { renderPodTemplate } from "./pod-template.ts";
import { labelsOf, objectName, podsOfSubject, type Subject } from "./subject.ts";

export const DEFAULT_PROGRESS_DEADLINE_SECONDS = 600;
/** Says of which Release it is. The Deployment controller copies it to the ReplicaSet that has its template. */
export const DEPLOYED_ANNOTATION = "jdos.io/release";

export interface DeploymentOptions {
  /** Defaults to what the Application wants. */
  replicas?: number;
  /** Nothing leads to its Pods: all of them may go at once. */
  idle?: boolean;
  /** Its Pods stay while its template becomes another. Left out, nothing is said of it. */
  paused?: boolean;
}

/**
 * The Deployment of an application: its Pods from the Release, its size from the Application. New Pods come
 * before old ones go, so a Release that does not become ready takes nothing away from the one that serves.
 */
export function renderDeployment(subject: Subject, options: DeploymentOptions = {}): Deployment {
  const { application, release } = subject;
  const { replicas = application.spec.replicas ?? 1, idle = false, paused } = options;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: objectName(subject),
      namespace: application.metadata.namespace,
      labels: labelsOf(application),
      annotations: {
        [DEPLOYED_ANNOTATION]: String(release.spec.number),
        "kubernetes.io/change-cause": `${release.metadata.name}: ${release.spec.reason ?? "no reason given"}`,
      },
    },
    spec: {
      replicas,
      ...(paused === undefined ? {} : { paused }),
      selector: { matchLabels: podsOfSubject(subject) },
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: idle ? "100%" : 0, maxSurge: "25%" },
      },
      progressDeadlineSeconds:
        application.spec.rollout?.progressDeadlineSeconds ?? DEFAULT_PROGRESS_DEADLINE_SECONDS,
      revisionHistoryLimit: application.spec.historyLimit ?? 10,
      template: renderPodTemplate(subject),
    },
  };
}
