import { type PodDisruptionBudget, PodDisruptionBudgets } from "@jdos/api";
import type { FieldError, Mutable } from "@jdos/apimachinery";
import { ageColumn, integer, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { createWithGeneration, updateWithGeneration } from "../../update/spec-and-status.ts";
import { statusOnly } from "../../update/status-subresource.ts";
import { validateAmount } from "../../validation/amount.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { validateLabelSelector } from "../../validation/labels.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";

function validate({ spec }: PodDisruptionBudget): FieldError[] {
  const errors = new FieldErrors();
  if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    errors.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
  }
  validateAmount(errors, "spec.minAvailable", spec?.minAvailable, { limitPercent: true });
  validateAmount(errors, "spec.maxUnavailable", spec?.maxUnavailable, { limitPercent: true });
  validateLabelSelector(errors, "spec.selector", spec?.selector);
  const policy = spec?.unhealthyPodEvictionPolicy;
  if (policy !== undefined)
    errors.oneOf("spec.unhealthyPodEvictionPolicy", policy, ["AlwaysAllow", "IfHealthyBudget"]);
  return errors.list;
}

export const podDisruptionBudgetStrategy: Strategy<PodDisruptionBudget> = {
  type: PodDisruptionBudgets,
  singular: "poddisruptionbudget",
  shortNames: ["pdb"],
  notice: "PodDisruptionBudgets are kept, but nobody counts yet: they refuse every eviction of their Pods",
  subresources: statusOnly,
  validateName: nameRule(dnsSubdomain),
  prepareForCreate(object) {
    createWithGeneration(object);
    (object as Mutable<PodDisruptionBudget>).status = {
      disruptionsAllowed: 0,
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
    };
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
  },
  validate,
  columns: [
    nameColumn(),
    text("Min Available", ({ spec }) => String(spec?.minAvailable ?? "N/A")),
    text("Max Unavailable", ({ spec }) => String(spec?.maxUnavailable ?? "N/A")),
    integer("Allowed Disruptions", ({ status }) => status?.disruptionsAllowed ?? 0),
    ageColumn(),
  ],
};
