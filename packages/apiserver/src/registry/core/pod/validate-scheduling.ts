import type { PodSpec, Toleration } from "@jdos/api";
import type { Affinity, NodeSelectorTerm, PodAffinityTerm } from "kubernetes-types/core/v1.d.ts";
import type { FieldErrors } from "../../validation/field-errors.ts";
import { validateLabelSelector } from "../../validation/labels.ts";
import { labelValue, qualifiedName } from "../../validation/names.ts";

export function validateScheduling(errors: FieldErrors, path: string, spec: PodSpec): void {
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    errors.allInvalid(`${path}.nodeSelector`, key, qualifiedName(key));
    errors.allInvalid(`${path}.nodeSelector`, value, labelValue(value));
  }
  validateTolerations(errors, `${path}.tolerations`, spec.tolerations ?? []);
  validateSpread(errors, `${path}.topologySpreadConstraints`, spec);
  if (spec.affinity !== undefined) validateAffinity(errors, `${path}.affinity`, spec.affinity);
}

const EFFECTS = ["NoExecute", "NoSchedule", "PreferNoSchedule"];

export function validateTolerations(errors: FieldErrors, path: string, list: readonly Toleration[]): void {
  for (const [index, { key, operator, value, effect, tolerationSeconds }] of list.entries()) {
    const at = `${path}[${index}]`;
    if (key) errors.allInvalid(`${at}.key`, key, qualifiedName(key));
    else if (operator !== "Exists") {
      errors.invalid(
        `${at}.operator`,
        operator ?? "",
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      );
    }
    if (tolerationSeconds !== undefined && effect !== "NoExecute") {
      errors.invalid(
        `${at}.effect`,
        effect ?? "",
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      );
    }
    if (operator === undefined || operator === "" || operator === "Equal") {
      errors.allInvalid(`${at}.operator`, value ?? "", labelValue(value ?? ""));
    } else if (operator !== "Exists") errors.notSupported(`${at}.operator`, operator, ["Equal", "Exists"]);
    else if (value)
      errors.invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'");
    if (effect && !EFFECTS.includes(effect)) errors.notSupported(`${at}.effect`, effect, EFFECTS);
  }
}

function validateSpread(errors: FieldErrors, path: string, spec: PodSpec): void {
  for (const [index, one] of (spec.topologySpreadConstraints ?? []).entries()) {
    const at = `${path}[${index}]`;
    if (!(one.maxSkew > 0)) errors.invalid(`${at}.maxSkew`, one.maxSkew ?? 0, "must be greater than zero");
    if (!one.topologyKey) errors.required(`${at}.topologyKey`, "can not be empty");
    errors.oneOf(`${at}.whenUnsatisfiable`, one.whenUnsatisfiable, ["DoNotSchedule", "ScheduleAnyway"]);
    validateLabelSelector(errors, `${at}.labelSelector`, one.labelSelector);
  }
}

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

function validateAffinity(errors: FieldErrors, path: string, affinity: Affinity): void {
  const node = affinity.nodeAffinity;
  if (node?.[REQUIRED] !== undefined) {
    const at = `${path}.nodeAffinity.${REQUIRED}.nodeSelectorTerms`;
    const terms = node[REQUIRED].nodeSelectorTerms ?? [];
    if (terms.length === 0) errors.required(at, "must have at least one node selector term");
    for (const [index, term] of terms.entries()) validateNodeTerm(errors, `${at}[${index}]`, term);
  }
  for (const [index, preferred] of (node?.[PREFERRED] ?? []).entries()) {
    const at = `${path}.nodeAffinity.${PREFERRED}[${index}]`;
    validateWeight(errors, at, preferred.weight);
    validateNodeTerm(errors, `${at}.preference`, preferred.preference ?? {});
  }
  for (const member of ["podAffinity", "podAntiAffinity"] as const) {
    for (const [index, term] of (affinity[member]?.[REQUIRED] ?? []).entries()) {
      validatePodTerm(errors, `${path}.${member}.${REQUIRED}[${index}]`, term);
    }
    for (const [index, preferred] of (affinity[member]?.[PREFERRED] ?? []).entries()) {
      const at = `${path}.${member}.${PREFERRED}[${index}]`;
      validateWeight(errors, at, preferred.weight);
      validatePodTerm(errors, `${at}.podAffinityTerm`, preferred.podAffinityTerm);
    }
  }
}

function validateWeight(errors: FieldErrors, at: string, weight: number): void {
  if (!(weight >= 1 && weight <= 100))
    errors.invalid(`${at}.weight`, weight ?? 0, "must be in the range 1-100");
}

function validatePodTerm(errors: FieldErrors, at: string, term: PodAffinityTerm | undefined): void {
  if (!term?.topologyKey) errors.required(`${at}.topologyKey`, "can not be empty");
  validateLabelSelector(errors, `${at}.labelSelector`, term?.labelSelector);
}

const NODE_OPERATORS = ["DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"];

function validateNodeTerm(errors: FieldErrors, path: string, term: NodeSelectorTerm): void {
  for (const [index, { key, operator, values }] of (term.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    errors.allInvalid(`${at}.key`, key, qualifiedName(key ?? ""));
    if (!NODE_OPERATORS.includes(operator))
      errors.invalid(`${at}.operator`, operator, "not a valid selector operator");
    else if ((operator === "In" || operator === "NotIn") && (values ?? []).length === 0) {
      errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
    } else if ((operator === "Gt" || operator === "Lt") && (values ?? []).length !== 1) {
      errors.required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'");
    }
  }
}
