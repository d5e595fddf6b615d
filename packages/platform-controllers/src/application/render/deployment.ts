import type { Deployment } from "@jdos/api";
import { renderPodTemplate } from "./pod-template.ts";
import { labelsOf, type Subject, selectorOf } from "./subject.ts";

export const DEFAULT_PROGRESS_DEADLINE_SECONDS = 600;

/**
 * The Deployment of an application: its Pods from the Release, its size from the Application. New Pods come
 * before old ones go, so a Release that does not become ready takes nothing away from the one that serves.
 */
export function renderDeployment(subject: Subject): Deployment {
  const { application, release } = subject;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: application.metadata.name,
      namespace: application.metadata.namespace,
      labels: labelsOf(application),
      annotations: {
        "jdos.io/release": String(release.spec.number),
        "kubernetes.io/change-cause": `${release.metadata.name}: ${release.spec.reason ?? "no reason given"}`,
      },
    },
    spec: {
      replicas: application.spec.replicas ?? 1,
      selector: { matchLabels: selectorOf(application.metadata.name) },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" } },
      progressDeadlineSeconds:
        application.spec.rollout?.progressDeadlineSeconds ?? DEFAULT_PROGRESS_DEADLINE_SECONDS,
      revisionHistoryLimit: application.spec.historyLimit ?? 10,
      template: renderPodTemplate(subject),
    },
  };
}
