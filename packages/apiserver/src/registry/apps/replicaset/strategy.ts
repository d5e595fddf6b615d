import { type ReplicaSet, ReplicaSets } from "@jdos/api";
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
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { scaleSelector, validateAlwaysRestarts, validateWorkloadSelector } from "../selector.ts";

function validate({ spec }: ReplicaSet): FieldError[] {
  const errors = new FieldErrors();
  if (spec === undefined) {
    errors.required("spec");
    return errors.list;
  }
  errors.nonNegative("spec.replicas", spec.replicas);
  errors.nonNegative("spec.minReadySeconds", spec.minReadySeconds);
  validateWorkloadSelector(errors, spec, "deployment");
  if (spec.template === undefined) errors.required("spec.template");
  else validatePodTemplate(errors, "spec.template", spec.template);
  validateAlwaysRestarts(errors, spec.template?.spec?.restartPolicy);
  return errors.list;
}

function validateUpdate(set: ReplicaSet, old: ReplicaSet, subresource: string | undefined): FieldError[] {
  if (subresource === "status") return [];
  const errors = new FieldErrors();
  const { selector } = set.spec ?? {};
  errors.immutable("spec.selector", selector, deepEqual(selector, old.spec?.selector));
  return errors.list;
}

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  type: ReplicaSets,
  singular: "replicaset",
  shortNames: ["rs"],
  categories: ["all"],
  subresources: scaleAndStatus,
  validateName: nameRule(dnsSubdomain),
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    defaultPodTemplate(spec.template);
  },
  prepareForCreate(object) {
    createWithGeneration(object);
    (object as Mutable<ReplicaSet>).status = { replicas: 0 };
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
  },
  validate,
  validateUpdate,
  selectableFields: { "status.replicas": ({ status }) => String(status?.replicas ?? 0) },
  columns: [
    nameColumn(),
    integer("Desired", ({ spec }) => spec?.replicas ?? 0),
    integer("Current", ({ status }) => status?.replicas ?? 0),
    integer("Ready", ({ status }) => status?.readyReplicas ?? 0),
    ageColumn(),
    ...containerColumns<ReplicaSet>(({ spec }) => spec?.template?.spec),
    wide(text("Selector", ({ spec }) => selectorText(spec?.selector))),
  ],
  scale: {
    get: ({ spec, status }) => ({
      specReplicas: spec?.replicas ?? 0,
      statusReplicas: status?.replicas ?? 0,
      selector: scaleSelector(spec?.selector),
    }),
    set(set, replicas) {
      if (set.spec !== undefined) set.spec.replicas = replicas;
    },
  },
};
