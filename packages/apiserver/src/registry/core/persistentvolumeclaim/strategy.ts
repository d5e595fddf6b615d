import { type PersistentVolumeClaim, PersistentVolumeClaims } from "@jdos/api";
import { deepEqual, type FieldError, type Mutable, parseQuantity } from "@jdos/apimachinery";
import { ageColumn, nameColumn, text, wide } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { separateStatus } from "../../update/spec-and-status.ts";
import { statusOnly } from "../../update/status-subresource.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { ACCESS_MODES, accessModesText } from "../persistentvolume/access-modes.ts";
import { defaultClaimSpec } from "./defaults.ts";

function validate({ spec }: PersistentVolumeClaim): FieldError[] {
  const errors = new FieldErrors();
  if ((spec?.accessModes ?? []).length === 0)
    errors.required("spec.accessModes", "at least 1 access mode is required");
  for (const [index, mode] of (spec?.accessModes ?? []).entries()) {
    if (!ACCESS_MODES.includes(mode)) errors.notSupported(`spec.accessModes[${index}]`, mode, ACCESS_MODES);
  }
  const storage = spec?.resources?.requests?.storage;
  if (storage === undefined) errors.required("spec.resources[storage]");
  else if ((parseQuantity(storage) ?? 0) <= 0) {
    errors.invalid("spec.resources[storage]", storage, "must be greater than zero");
  }
  errors.oneOf("spec.volumeMode", spec?.volumeMode, ["Block", "Filesystem"]);
  return errors.list;
}

function validateUpdate(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  subresource: string | undefined,
): FieldError[] {
  const errors = new FieldErrors();
  if (subresource === "status") return errors.list;
  const before = old.spec;
  const bound = before?.volumeName ? {} : { volumeName: claim.spec?.volumeName };
  const classed =
    before?.storageClassName === undefined ? { storageClassName: claim.spec?.storageClassName } : {};
  if (!deepEqual({ ...claim.spec, resources: 0 }, { ...before, ...bound, ...classed, resources: 0 })) {
    errors.forbidden(
      "spec",
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
    );
  }
  const next = parseQuantity(claim.spec?.resources?.requests?.storage ?? "0") ?? 0;
  if (next < (parseQuantity(before?.resources?.requests?.storage ?? "0") ?? 0)) {
    errors.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
  }
  return errors.list;
}

export const persistentVolumeClaimStrategy: Strategy<PersistentVolumeClaim> = {
  type: PersistentVolumeClaims,
  singular: "persistentvolumeclaim",
  shortNames: ["pvc"],
  subresources: statusOnly,
  validateName: nameRule(dnsSubdomain),
  defaults({ spec }) {
    if (spec !== undefined) defaultClaimSpec(spec);
  },
  prepareForCreate(object) {
    (object as Mutable<PersistentVolumeClaim>).status = { phase: "Pending" };
  },
  prepareForUpdate(object, old, _context, subresource) {
    separateStatus(object, old, subresource);
  },
  validate,
  validateUpdate,
  columns: [
    nameColumn(),
    text("Status", (claim) =>
      claim.metadata?.deletionTimestamp === undefined ? (claim.status?.phase ?? "") : "Terminating",
    ),
    text("Volume", ({ spec }) => spec?.volumeName ?? ""),
    text("Capacity", ({ spec, status }) => (spec?.volumeName ? (status?.capacity?.storage ?? "0") : "")),
    text("Access Modes", ({ spec, status }) =>
      spec?.volumeName ? accessModesText(status?.accessModes) : "",
    ),
    text("StorageClass", ({ spec }) => spec?.storageClassName ?? ""),
    text("VolumeAttributesClass", ({ spec }) => spec?.volumeAttributesClassName ?? "<unset>"),
    ageColumn(),
    wide(text("VolumeMode", ({ spec }) => spec?.volumeMode ?? "<unset>")),
  ],
};
