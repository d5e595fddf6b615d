import { type DaemonSet, DaemonSets } from "@jdos/api";
import { deepEqual, type FieldError, type Mutable } from "@jdos/apimachinery";
import {
  ageColumn,
  containerColumns,
  integer,
  labelsText,
  nameColumn,
  selectorText,
  text,
  wide,
} from "../../../printing/columns.ts";
import { defaultPodTemplate } from "../../core/pod/defaults.ts";
import { validatePodTemplate } from "../../core/pod/validate-spec.ts";
import type { Strategy } from "../../strategy.ts";
import { createWithGeneration, updateWithGeneration } from "../../update/spec-and-status.ts";
import { statusOnly } from "../../update/status-subresource.ts";
import { isZeroAmount, validateAmount } from "../../validation/amount.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { validateAlwaysRestarts, validateWorkloadSelector } from "../selector.ts";

function defaults({ spec }: DaemonSet): void {
  if (spec === undefined) return;
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= "RollingUpdate";
  if (spec.updateStrategy.type === "RollingUpdate") {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  defaultPodTemplate(spec.template);
}

function validate({ spec }: DaemonSet): FieldError[] {
  const errors = new FieldErrors();
  if (spec === undefined) {
    errors.required("spec");
    return errors.list;
  }
  validateWorkloadSelector(errors, spec, "daemonset");
  validatePodTemplate(errors, "spec.template", spec.template);
  validateAlwaysRestarts(errors, spec.template?.spec?.restartPolicy);
  errors.nonNegative("spec.minReadySeconds", spec.minReadySeconds);
  errors.nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit);
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  errors.oneOf("spec.updateStrategy.type", type, ["OnDelete", "RollingUpdate"]);
  if (type !== "RollingUpdate") return errors.list;
  const at = "spec.updateStrategy.rollingUpdate";
  validateAmount(errors, `${at}.maxUnavailable`, rollingUpdate?.maxUnavailable, { limitPercent: true });
  validateAmount(errors, `${at}.maxSurge`, rollingUpdate?.maxSurge, { limitPercent: true });
  if (isZeroAmount(rollingUpdate?.maxUnavailable) && isZeroAmount(rollingUpdate?.maxSurge)) {
    errors.required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0");
  }
  return errors.list;
}

function validateUpdate(set: DaemonSet, old: DaemonSet, subresource: string | undefined): FieldError[] {
  const errors = new FieldErrors();
  if (subresource === "status") return errors.list;
  const { selector } = set.spec ?? {};
  errors.immutable("spec.selector", selector, deepEqual(selector, old.spec?.selector));
  return errors.list;
}

export const daemonSetStrategy: Strategy<DaemonSet> = {
  type: DaemonSets,
  singular: "daemonset",
  shortNames: ["ds"],
  categories: ["all"],
  subresources: statusOnly,
  validateName: nameRule(dnsSubdomain),
  defaults,
  prepareForCreate(object) {
    createWithGeneration(object);
    (object as Mutable<DaemonSet>).status = {
      currentNumberScheduled: 0,
      desiredNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    };
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
  },
  validate,
  validateUpdate,
  columns: [
    nameColumn(),
    integer("Desired", ({ status }) => status?.desiredNumberScheduled ?? 0),
    integer("Current", ({ status }) => status?.currentNumberScheduled ?? 0),
    integer("Ready", ({ status }) => status?.numberReady ?? 0),
    integer("Up-to-date", ({ status }) => status?.updatedNumberScheduled ?? 0),
    integer("Available", ({ status }) => status?.numberAvailable ?? 0),
    text("Node Selector", ({ spec }) => labelsText(spec?.template?.spec?.nodeSelector)),
    ageColumn(),
    ...containerColumns<DaemonSet>(({ spec }) => spec?.template?.spec),
    wide(text("Selector", ({ spec }) => selectorText(spec?.selector))),
  ],
};
