import { type StatefulSet, StatefulSets } from "@jdos/api";
import { deepEqual, type FieldError, type Mutable } from "@jdos/apimachinery";
import { ageColumn, containerColumns, nameColumn, text } from "../../../printing/columns.ts";
import { defaultClaimSpec } from "../../core/persistentvolumeclaim/defaults.ts";
import { defaultPodTemplate } from "../../core/pod/defaults.ts";
import { validatePodTemplate } from "../../core/pod/validate-spec.ts";
import type { Strategy } from "../../strategy.ts";
import { createWithGeneration, updateWithGeneration } from "../../update/spec-and-status.ts";
import { scaleAndStatus } from "../../update/status-subresource.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { scaleSelector, validateAlwaysRestarts, validateWorkloadSelector } from "../selector.ts";

function defaults({ spec }: StatefulSet): void {
  if (spec === undefined) return;
  spec.podManagementPolicy ||= "OrderedReady";
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= "RollingUpdate";
  if (spec.updateStrategy.type === "RollingUpdate") {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.partition ??= 0;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= "Retain";
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= "Retain";
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  defaultPodTemplate(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ??= "v1";
    claim.kind ??= "PersistentVolumeClaim";
    if (claim.spec !== undefined) defaultClaimSpec(claim.spec);
    (claim as Mutable<typeof claim>).status ??= { phase: "Pending" };
  }
}

function validate({ spec }: StatefulSet): FieldError[] {
  const errors = new FieldErrors();
  if (spec === undefined) {
    errors.required("spec");
    return errors.list;
  }
  errors.oneOf("spec.podManagementPolicy", spec.podManagementPolicy, ["OrderedReady", "Parallel"]);
  errors.oneOf("spec.updateStrategy.type", spec.updateStrategy?.type, ["OnDelete", "RollingUpdate"]);
  errors.nonNegative("spec.replicas", spec.replicas);
  errors.nonNegative("spec.minReadySeconds", spec.minReadySeconds);
  errors.nonNegative(
    "spec.updateStrategy.rollingUpdate.partition",
    spec.updateStrategy?.rollingUpdate?.partition,
  );
  validateWorkloadSelector(errors, spec, "statefulset");
  validatePodTemplate(errors, "spec.template", withClaims(spec));
  validateAlwaysRestarts(errors, spec.template?.spec?.restartPolicy);
  return errors.list;
}

/** A template may mount what the claims will make. */
function withClaims(spec: NonNullable<StatefulSet["spec"]>): typeof spec.template {
  const pod = spec.template?.spec;
  if (pod === undefined) return spec.template;
  const names = new Set((pod.volumes ?? []).map((volume) => volume.name));
  const claims = (spec.volumeClaimTemplates ?? [])
    .map((claim) => claim.metadata?.name ?? "")
    .filter((name) => name !== "" && !names.has(name))
    .map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...spec.template, spec: { ...pod, volumes: [...(pod.volumes ?? []), ...claims] } };
}

const CHANGEABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
  "revisionHistoryLimit",
];

function validateUpdate(set: StatefulSet, old: StatefulSet, subresource: string | undefined): FieldError[] {
  const errors = new FieldErrors();
  if (subresource === "status") return errors.list;
  if (!deepEqual(fixedPart(set), fixedPart(old))) {
    errors.forbidden(
      "spec",
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    );
  }
  return errors.list;
}

function fixedPart({ spec }: StatefulSet): unknown {
  return Object.fromEntries(Object.entries(spec ?? {}).filter(([member]) => !CHANGEABLE.includes(member)));
}

export const statefulSetStrategy: Strategy<StatefulSet> = {
  type: StatefulSets,
  singular: "statefulset",
  shortNames: ["sts"],
  categories: ["all"],
  subresources: scaleAndStatus,
  validateName: nameRule(dnsSubdomain),
  defaults,
  prepareForCreate(object) {
    createWithGeneration(object);
    (object as Mutable<StatefulSet>).status = { replicas: 0 };
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
  },
  validate,
  validateUpdate,
  columns: [
    nameColumn(),
    text("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    ageColumn(),
    ...containerColumns<StatefulSet>(({ spec }) => spec?.template?.spec),
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
