import { type ControllerRevision, ControllerRevisions } from "@jdos/api";
import { controllerOf, deepEqual, type FieldError } from "@jdos/apimachinery";
import { ageColumn, integer, nameColumn, orNone, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";

function validate(revision: ControllerRevision): FieldError[] {
  const errors = new FieldErrors();
  errors.nonNegative("revision", revision.revision);
  if (revision.data === undefined) errors.required("data", "data is mandatory");
  return errors.list;
}

function validateUpdate(revision: ControllerRevision, old: ControllerRevision): FieldError[] {
  const errors = new FieldErrors();
  errors.immutable("data", revision.data, deepEqual(revision.data, old.data));
  return errors.list;
}

function controllerText({ metadata }: ControllerRevision): string {
  const owner = controllerOf({ metadata: metadata ?? {} });
  if (owner === undefined) return "<none>";
  const group = owner.apiVersion.includes("/") ? `.${owner.apiVersion.split("/")[0]}` : "";
  return orNone(`${owner.kind.toLowerCase()}${group}/${owner.name}`);
}

export const controllerRevisionStrategy: Strategy<ControllerRevision> = {
  type: ControllerRevisions,
  singular: "controllerrevision",
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  validate,
  validateUpdate,
  columns: [
    nameColumn(),
    text("Controller", controllerText),
    integer("Revision", ({ revision }) => revision),
    ageColumn(),
  ],
};
