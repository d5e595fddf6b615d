import type { Job } from "@jdos/api";
import { deepEqual, type FieldError } from "@jdos/apimachinery";
import { validateWorkloadSelector } from "../../apps/selector.ts";
import { validatePodTemplate } from "../../core/pod/validate-spec.ts";
import { FieldErrors } from "../../validation/field-errors.ts";

type Spec = NonNullable<Job["spec"]>;

export function validateJob({ spec }: Job): FieldError[] {
  const errors = new FieldErrors();
  if (spec === undefined) errors.required("spec");
  else {
    if (spec.selector === undefined) errors.required("spec.selector");
    else validateWorkloadSelector(errors, spec, "job");
    validateJobSpec(errors, "spec", spec);
  }
  return errors.list;
}

const COUNTS = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
] as const;

/** A Job's spec, alone or in a CronJob's template; the selector apart. */
export function validateJobSpec(errors: FieldErrors, path: string, spec: Spec): void {
  for (const member of COUNTS) errors.nonNegative(`${path}.${member}`, spec[member]);
  errors.oneOf(`${path}.completionMode`, spec.completionMode, ["Indexed", "NonIndexed"]);
  if (spec.completionMode === "Indexed" && spec.completions === undefined) {
    errors.required(`${path}.completions`, "when completion mode is Indexed");
  }
  if (spec.completionMode !== "Indexed" && spec.backoffLimitPerIndex !== undefined) {
    errors.invalid(
      `${path}.backoffLimitPerIndex`,
      spec.backoffLimitPerIndex,
      "requires indexed completion mode",
    );
  }
  validatePodTemplate(errors, `${path}.template`, spec.template);
  const policy = spec.template?.spec?.restartPolicy;
  if (policy === "Always" || policy === undefined) {
    const at = `${path}.template.spec.restartPolicy`;
    errors.list.push({
      type: "FieldValueRequired",
      field: at,
      message: 'Required value: valid values: "OnFailure", "Never"',
    });
  }
  if (spec.podFailurePolicy !== undefined && policy !== "Never") {
    errors.invalid(
      `${path}.template.spec.restartPolicy`,
      policy,
      'only "Never" is supported when podFailurePolicy is specified',
    );
  }
}

export function validateJobUpdate(job: Job, old: Job, subresource: string | undefined): FieldError[] {
  if (subresource === "status") return validateStatusUpdate(job, old);
  const errors = new FieldErrors();
  const { spec } = job;
  const before = old.spec;
  if (spec === undefined || before === undefined) return [];
  const indexed = spec.completionMode === "Indexed" && spec.completions === spec.parallelism;
  if (!indexed)
    errors.immutable("spec.completions", spec.completions, spec.completions === before.completions);
  for (const member of [
    "selector",
    "template",
    "completionMode",
    "podFailurePolicy",
    "backoffLimitPerIndex",
  ] as const) {
    if (member === "template" && isUnstarted(old)) continue;
    errors.immutable(`spec.${member}`, spec[member], deepEqual(spec[member], before[member]));
  }
  return errors.list;
}

/** The template of a suspended Job that never started may still change (scheduling directives). */
function isUnstarted(job: Job): boolean {
  return job.spec?.suspend === true && job.status?.startTime === undefined;
}

function validateStatusUpdate({ status }: Job, old: Job): FieldError[] {
  const errors = new FieldErrors();
  for (const member of ["active", "succeeded", "failed", "ready"] as const) {
    errors.nonNegative(`status.${member}`, status?.[member]);
  }
  const finished = old.status?.completionTime;
  if (finished !== undefined && status?.completionTime !== finished) {
    errors.immutable("status.completionTime", status?.completionTime, false);
  }
  return errors.list;
}
