import type { FieldError, ObjectMeta } from "@jdos/apimachinery";
import { FieldErrors } from "./field-errors.ts";
import { validateAnnotations, validateLabels } from "./labels.ts";
import { dnsLabel, qualifiedName } from "./names.ts";

/**
 * The rules of metadata that hold for every Kind, name included. The generic registry calls it on each write; a
 * strategy's own validate() says nothing about metadata.
 */
export function validateObjectMeta(
  meta: ObjectMeta | undefined,
  options: { namespaced: boolean; validateName: (name: string) => string | undefined },
): FieldError[] {
  const errors = new FieldErrors();
  const { name, namespace, generateName } = meta ?? {};
  if (name === undefined || name === "") {
    errors.required("metadata.name", "name or generateName is required");
  } else {
    const reason = options.validateName(name);
    if (reason !== undefined) errors.invalid("metadata.name", name, reason);
  }
  if (generateName !== undefined && generateName !== "") {
    const reason = options.validateName(`${generateName.replace(/[-.]+$/, "")}x`);
    if (reason !== undefined) errors.invalid("metadata.generateName", generateName, reason);
  }
  if (options.namespaced) {
    if (namespace === undefined || namespace === "") errors.required("metadata.namespace");
    else errors.allInvalid("metadata.namespace", namespace, dnsLabel(namespace));
  } else if (namespace !== undefined && namespace !== "") {
    errors.forbidden("metadata.namespace", "not allowed on this type");
  }
  errors.nonNegative("metadata.generation", meta?.generation);
  validateLabels(errors, "metadata.labels", meta?.labels);
  validateAnnotations(errors, "metadata.annotations", meta?.annotations);
  validateOwners(errors, meta);
  for (const [index, finalizer] of (meta?.finalizers ?? []).entries()) {
    errors.allInvalid(`metadata.finalizers[${index}]`, finalizer, qualifiedName(finalizer));
  }
  return errors.list;
}

function validateOwners(errors: FieldErrors, meta: ObjectMeta | undefined): void {
  const path = "metadata.ownerReferences";
  let controller = "";
  for (const [index, owner] of (meta?.ownerReferences ?? []).entries()) {
    const at = `${path}[${index}]`;
    for (const member of ["apiVersion", "kind", "name", "uid"] as const) {
      if ((owner[member] ?? "") === "") errors.invalid(`${at}.${member}`, "", "must not be empty");
    }
    if (owner.controller !== true) continue;
    if (controller !== "") {
      errors.invalid(
        path,
        meta?.ownerReferences,
        `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${owner.kind}/${owner.name}`,
      );
    }
    controller = `${owner.kind}/${owner.name}`;
  }
}

/** What an update may not change in metadata. Called after the server has filled in what it owns. */
export function validateObjectMetaUpdate(
  meta: ObjectMeta | undefined,
  old: ObjectMeta | undefined,
): FieldError[] {
  const errors = new FieldErrors();
  for (const member of ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"] as const) {
    errors.immutable(`metadata.${member}`, meta?.[member], (meta?.[member] ?? "") === (old?.[member] ?? ""));
  }
  if (old?.deletionTimestamp !== undefined) {
    const added = (meta?.finalizers ?? []).filter((finalizer) => !(old.finalizers ?? []).includes(finalizer));
    if (added.length > 0) {
      errors.forbidden(
        "metadata.finalizers",
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((one) => JSON.stringify(one)).join(", ")}}`,
      );
    }
  }
  return errors.list;
}
