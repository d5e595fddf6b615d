import type { Job } from "@jdos/api";

/** A Job's Pods are told from all others by the Job's uid, unless the selector is the client's own affair. */
export function generateSelector(job: Job): void {
  const { spec, metadata } = job;
  if (spec === undefined || spec.manualSelector === true || metadata?.uid === undefined) return;
  const labels = {
    "batch.kubernetes.io/controller-uid": metadata.uid,
    "batch.kubernetes.io/job-name": metadata.name ?? "",
    "controller-uid": metadata.uid,
    "job-name": metadata.name ?? "",
  };
  spec.template ??= {};
  spec.template.metadata = {
    ...spec.template.metadata,
    labels: { ...spec.template.metadata?.labels, ...labels },
  };
  const selected = { "batch.kubernetes.io/controller-uid": metadata.uid };
  spec.selector = { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, ...selected } };
}
