import { type ReplicationController, ReplicationControllers } from "@jdos/api";
import type { FieldError, Mutable } from "@jdos/apimachinery";
import {
  ageColumn,
  containerColumns,
  integer,
  labelsText,
  nameColumn,
  text,
  wide,
} from "../../../printing/columns.ts";
import { validateAlwaysRestarts } from "../../apps/selector.ts";
import type { Strategy } from "../../strategy.ts";
import { createWithGeneration, updateWithGeneration } from "../../update/spec-and-status.ts";
import { scaleAndStatus } from "../../update/status-subresource.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { validateLabels } from "../../validation/labels.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { defaultPodTemplate } from "../pod/defaults.ts";
import { validatePodTemplate } from "../pod/validate-spec.ts";

function defaults(controller: ReplicationController): void {
  const { spec } = controller;
  if (spec === undefined) return;
  spec.replicas ??= 1;
  defaultPodTemplate(spec.template);
  const labels = spec.template?.metadata?.labels;
  if (labels === undefined) return;
  if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
  if (Object.keys(controller.metadata?.labels ?? {}).length === 0) {
    controller.metadata = { ...controller.metadata, labels: { ...labels } };
  }
}

function validate({ spec }: ReplicationController): FieldError[] {
  const errors = new FieldErrors();
  const selector = Object.entries(spec?.selector ?? {});
  errors.nonNegative("spec.replicas", spec?.replicas);
  errors.nonNegative("spec.minReadySeconds", spec?.minReadySeconds);
  if (selector.length === 0) errors.required("spec.selector");
  validateLabels(errors, "spec.selector", spec?.selector);
  if (spec?.template === undefined) {
    errors.required("spec.template");
    return errors.list;
  }
  const labels = spec.template.metadata?.labels ?? {};
  if (!selector.every(([key, value]) => labels[key] === value)) {
    errors.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
  }
  validatePodTemplate(errors, "spec.template", spec.template);
  validateAlwaysRestarts(errors, spec.template.spec?.restartPolicy);
  return errors.list;
}

export const replicationControllerStrategy: Strategy<ReplicationController> = {
  type: ReplicationControllers,
  singular: "replicationcontroller",
  shortNames: ["rc"],
  categories: ["all"],
  subresources: scaleAndStatus,
  validateName: nameRule(dnsSubdomain),
  defaults,
  prepareForCreate(object) {
    createWithGeneration(object);
    (object as Mutable<ReplicationController>).status = { replicas: 0 };
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
  },
  validate,
  selectableFields: { "status.replicas": ({ status }) => String(status?.replicas ?? 0) },
  columns: [
    nameColumn(),
    integer("Desired", ({ spec }) => spec?.replicas ?? 0),
    integer("Current", ({ status }) => status?.replicas ?? 0),
    integer("Ready", ({ status }) => status?.readyReplicas ?? 0),
    ageColumn(),
    ...containerColumns<ReplicationController>(({ spec }) => spec?.template?.spec),
    wide(text("Selector", ({ spec }) => labelsText(spec?.selector))),
  ],
  scale: {
    get: ({ spec, status }) => ({
      specReplicas: spec?.replicas ?? 0,
      statusReplicas: status?.replicas ?? 0,
      selector: Object.entries(spec?.selector ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(","),
    }),
    set(controller, replicas) {
      if (controller.spec !== undefined) controller.spec.replicas = replicas;
    },
  },
};
