import { type StorageClass, StorageClasses } from "@jdos/api";
import { deepEqual, type FieldError } from "@jdos/apimachinery";
import { ageColumn, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule, qualifiedName } from "../../validation/names.ts";

const DEFAULT_MARK = "storageclass.kubernetes.io/is-default-class";

function validate(storage: StorageClass): FieldError[] {
  const errors = new FieldErrors();
  if (!storage.provisioner) errors.required("provisioner");
  else
    errors.allInvalid("provisioner", storage.provisioner, qualifiedName(storage.provisioner.toLowerCase()));
  errors.oneOf("reclaimPolicy", storage.reclaimPolicy, ["Delete", "Retain"]);
  errors.oneOf("volumeBindingMode", storage.volumeBindingMode, ["Immediate", "WaitForFirstConsumer"]);
  return errors.list;
}

function validateUpdate(storage: StorageClass, old: StorageClass): FieldError[] {
  const errors = new FieldErrors();
  if (!deepEqual(storage.parameters, old.parameters))
    errors.forbidden("parameters", "updates to parameters are forbidden.");
  if (storage.provisioner !== old.provisioner)
    errors.forbidden("provisioner", "updates to provisioner are forbidden.");
  errors.immutable("reclaimPolicy", storage.reclaimPolicy, storage.reclaimPolicy === old.reclaimPolicy);
  errors.immutable(
    "volumeBindingMode",
    storage.volumeBindingMode,
    storage.volumeBindingMode === old.volumeBindingMode,
  );
  return errors.list;
}

export const storageClassStrategy: Strategy<StorageClass> = {
  type: StorageClasses,
  singular: "storageclass",
  shortNames: ["sc"],
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  defaults(storage) {
    storage.reclaimPolicy ??= "Delete";
    storage.volumeBindingMode ??= "Immediate";
  },
  validate,
  validateUpdate,
  columns: [
    {
      ...nameColumn<StorageClass>(),
      cell: ({ metadata }) =>
        `${metadata?.name ?? ""}${metadata?.annotations?.[DEFAULT_MARK] === "true" ? " (default)" : ""}`,
    },
    text("Provisioner", ({ provisioner }) => provisioner),
    text("ReclaimPolicy", ({ reclaimPolicy }) => reclaimPolicy ?? ""),
    text("VolumeBindingMode", ({ volumeBindingMode }) => volumeBindingMode ?? ""),
    {
      name: "AllowVolumeExpansion",
      type: "boolean",
      cell: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    },
    ageColumn(),
  ],
};
