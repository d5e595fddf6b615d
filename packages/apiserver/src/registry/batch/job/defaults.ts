import type { Job } from "@jdos/api";
import { defaultPodTemplate } from "../../core/pod/defaults.ts";

export function defaultJobSpec(spec: NonNullable<Job["spec"]>): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  const perIndex = spec.backoffLimitPerIndex !== undefined;
  spec.backoffLimit ??= perIndex ? 2147483647 : 6;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  defaultPodTemplate(spec.template);
}
