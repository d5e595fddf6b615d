import { type PersistentVolume, PersistentVolumes } from "@jdos/api";
import type { FieldError, Mutable } from "@jdos/apimachinery";
import { ageColumn, nameColumn, text, wide } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { separateStatus } from "../../update/spec-and-status.ts";
import { statusOnly } from "../../update/status-subresource.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { ACCESS_MODES, accessModesText } from "./access-modes.ts";

function validate({ spec }: PersistentVolume): FieldError[] {
  const errors = new FieldErrors();
  if ((spec?.accessModes ?? []).length === 0) errors.required("spec.accessModes");
  for (const [index, mode] of (spec?.accessModes ?? []).entries()) {
    if (!ACCESS_MODES.includes(mode)) errors.notSupported(`spec.accessModes[${index}]`, mode, ACCESS_MODES);
  }
  if (spec?.capacity?.storage === undefined) errors.required("spec.capacity");
  errors.oneOf("spec.persistentVolumeReclaimPolicy", spec?.persistentVolumeReclaimPolicy, [
    "Delete",
    "Recycle",
    "Retain",
  ]);
  return errors.list;
}

function claimText({ spec }: PersistentVolume): string {
  return spec?.claimRef === undefined ? "" : `${spec.claimRef.namespace}/${spec.claimRef.name}`;
}

export const persistentVolumeStrategy: Strategy<PersistentVolume> = {
  type: PersistentVolumes,
  singular: "persistentvolume",
  shortNames: ["pv"],
  subresources: statusOnly,
  validateName: nameRule(dnsSubdomain),
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.persistentVolumeReclaimPolicy ||= "Retain";
    spec.volumeMode ??= "Filesystem";
    if (spec.hostPath !== undefined) spec.hostPath.type ??= "";
  },
  prepareForCreate(object) {
    (object as Mutable<PersistentVolume>).status = { phase: "Pending" };
  },
  prepareForUpdate(object, old, _context, subresource) {
    separateStatus(object, old, subresource);
  },
  validate,
  columns: [
    nameColumn(),
    text("Capacity", ({ spec }) => spec?.capacity?.storage ?? ""),
    text("Access Modes", ({ spec }) => accessModesText(spec?.accessModes)),
    text("Reclaim Policy", ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ""),
    text("Status", ({ metadata, status }) =>
      metadata?.deletionTimestamp === undefined ? (status?.phase ?? "") : "Terminating",
    ),
    text("Claim", claimText),
    text("StorageClass", ({ spec }) => spec?.storageClassName ?? ""),
    text("VolumeAttributesClass", ({ spec }) => spec?.volumeAttributesClassName ?? "<unset>"),
    text("Reason", ({ status }) => status?.reason ?? ""),
    ageColumn(),
    wide(text("VolumeMode", ({ spec }) => spec?.volumeMode ?? "<unset>")),
  ],
};
