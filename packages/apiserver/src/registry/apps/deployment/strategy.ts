import { type Deployment, Deployments } from "@jdos/api";
import { deepEqual, type FieldError, type Mutable } from "@jdos/apimachinery";
import {
  ageColumn,
  containerColumns,
  integer,
  nameColumn,
  selectorText,
  text,
  wide,
} from "../../../printing/columns.ts";
import { defaultPodTemplate } from "../../core/pod/defaults.ts";
import { validatePodTemplate } from "../../core/pod/validate-spec.ts";
import type { Strategy } from "../../strategy.ts";
import { createWithGeneration, updateWithGeneration } from "../../update/spec-and-status.ts";
import { scaleAndStatus } from "../../update/status-subresource.ts";
import { isZeroAmount, validateAmount } from "../../validation/amount.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { scaleSelector, validateAlwaysRestarts, validateWorkloadSelector } from "../selector.ts";

function defaults({ spec }: Deployment): void {
  if (spec === undefined) return;
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ||= "RollingUpdate";
  if (spec.strategy.type === "RollingUpdate") {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
    spec.strategy.rollingUpdate.maxSurge ??= "25%";
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  defaultPodTemplate(spec.template);
}

function validate({ spec }: Deployment): FieldError[] {
  const errors = new FieldErrors();
  if (spec === undefined) {
    errors.required("spec");
    return errors.list;
  }
  for (const member of [
    "replicas",
    "minReadySeconds",
    "revisionHistoryLimit",
    "progressDeadlineSeconds",
  ] as const) {
    errors.nonNegative(`spec.${member}`, spec[member]);
  }
  validateWorkloadSelector(errors, spec, "deployment");
  validatePodTemplate(errors, "spec.template", spec.template);
  validateAlwaysRestarts(errors, spec.template?.spec?.restartPolicy);
  validateRollout(errors, spec);
  if ((spec.progressDeadlineSeconds ?? 600) <= (spec.minReadySeconds ?? 0)) {
    errors.invalid(
      "spec.progressDeadlineSeconds",
      spec.progressDeadlineSeconds,
      "must be greater than minReadySeconds",
    );
  }
  return errors.list;
}

function validateRollout(errors: FieldErrors, spec: NonNullable<Deployment["spec"]>): void {
  const { type, rollingUpdate } = spec.strategy ?? {};
  errors.oneOf("spec.strategy.type", type, ["Recreate", "RollingUpdate"]);
  if (type === "Recreate" && rollingUpdate !== undefined) {
    errors.forbidden(
      "spec.strategy.rollingUpdate",
      "may not be specified when strategy `type` is 'Recreate'",
    );
  }
  if (type !== "RollingUpdate") return;
  const { maxSurge, maxUnavailable } = rollingUpdate ?? {};
  const at = "spec.strategy.rollingUpdate";
  validateAmount(errors, `${at}.maxUnavailable`, maxUnavailable, { limitPercent: true });
  validateAmount(errors, `${at}.maxSurge`, maxSurge);
  if (isZeroAmount(maxSurge) && isZeroAmount(maxUnavailable)) {
    errors.invalid(`${at}.maxUnavailable`, maxUnavailable ?? 0, "may not be 0 when `maxSurge` is 0");
  }
}

function validateUpdate(
  deployment: Deployment,
  old: Deployment,
  subresource: string | undefined,
): FieldError[] {
  if (subresource === "status") return validateStatus(deployment);
  const errors = new FieldErrors();
  const { selector } = deployment.spec ?? {};
  errors.immutable("spec.selector", selector, deepEqual(selector, old.spec?.selector));
  return errors.list;
}

function validateStatus({ status }: Deployment): FieldError[] {
  const errors = new FieldErrors();
  const counts = [
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
  ] as const;
  for (const member of counts) errors.nonNegative(`status.${member}`, status?.[member]);
  return errors.list;
}

export const deploymentStrategy: Strategy<Deployment> = {
  type: Deployments,
  singular: "deployment",
  shortNames: ["deploy"],
  categories: ["all"],
  subresources: scaleAndStatus,
  validateName: nameRule(dnsSubdomain),
  defaults,
  prepareForCreate(object) {
    createWithGeneration(object);
    (object as Mutable<Deployment>).status = {};
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
  },
  validate,
  validateUpdate,
  columns: [
    nameColumn(),
    text("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    integer("Up-to-date", ({ status }) => status?.updatedReplicas ?? 0),
    integer("Available", ({ status }) => status?.availableReplicas ?? 0),
    ageColumn(),
    ...containerColumns<Deployment>(({ spec }) => spec?.template?.spec),
    wide(text("Selector", ({ spec }) => selectorText(spec?.selector))),
  ],
  scale: {
    get: ({ spec, status }) => ({
      specReplicas: spec?.replicas ?? 0,
      statusReplicas: status?.replicas ?? 0,
      selector: scaleSelector(spec?.selector),
    }),
    set(deployment, replicas) {
      if (deployment.spec !== undefined) deployment.spec.replicas = replicas;
    },
  },
};
