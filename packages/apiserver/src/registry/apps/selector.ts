import { formatSelector, type LabelSelector, matchesSelector } from "@jdos/apimachinery";
import type { FieldErrors } from "../validation/field-errors.ts";
import { isEmptySelector, validateLabelSelector } from "../validation/labels.ts";

interface Selecting {
  selector?: LabelSelector;
  template?: { metadata?: { labels?: Record<string, string> } };
}

/** A workload's selector: there, not empty, and choosing the Pods of its own template. */
export function validateWorkloadSelector(errors: FieldErrors, spec: Selecting, kind: string): void {
  if (spec.selector === undefined) {
    errors.required("spec.selector");
    return;
  }
  validateLabelSelector(errors, "spec.selector", spec.selector);
  if (isEmptySelector(spec.selector)) {
    errors.invalid("spec.selector", spec.selector, `empty selector is invalid for ${kind}`);
    return;
  }
  const labels = spec.template?.metadata?.labels;
  if (!matchesSelector(spec.selector, labels)) {
    errors.invalid(
      "spec.template.metadata.labels",
      labels ?? {},
      "`selector` does not match template `labels`",
    );
  }
}

/** The restart policy of Pods that are kept running. */
export function validateAlwaysRestarts(errors: FieldErrors, policy: string | undefined): void {
  if (policy !== undefined && policy !== "Always") {
    errors.notSupported("spec.template.spec.restartPolicy", policy, ["Always"]);
  }
}

/** The selector as the scale subresource carries it. */
export function scaleSelector(selector: LabelSelector | undefined): string {
  return selector === undefined ? "" : formatSelector(selector);
}
