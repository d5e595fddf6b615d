import { type IngressClass, IngressClasses } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import { ageColumn, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule, qualifiedName } from "../../validation/names.ts";

function validate({ spec }: IngressClass): FieldError[] {
  const errors = new FieldErrors();
  const controller = spec?.controller ?? "";
  if (controller.length > 250) errors.tooLong("spec.controller", 250);
  else if (controller !== "") {
    const reasons = controller.includes("/")
      ? qualifiedName(controller.replace(/\/.*$/s, "/x"))
      : ['must be a domain-prefixed path (such as "acme.io/foo")'];
    errors.allInvalid("spec.controller", controller, reasons);
  }
  return errors.list;
}

function validateUpdate({ spec }: IngressClass, old: IngressClass): FieldError[] {
  const errors = new FieldErrors();
  errors.immutable("spec.controller", spec?.controller, spec?.controller === old.spec?.controller);
  return errors.list;
}

function parametersText({ spec }: IngressClass): string {
  const { apiGroup, kind, name } = spec?.parameters ?? {};
  if (kind === undefined) return "<none>";
  return `${kind}${apiGroup ? `.${apiGroup}` : ""}/${name}`;
}

export const ingressClassStrategy: Strategy<IngressClass> = {
  type: IngressClasses,
  singular: "ingressclass",
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  prepareForCreate(object) {
    object.metadata = { ...object.metadata, generation: 1 };
  },
  validate,
  validateUpdate,
  columns: [
    nameColumn(),
    text("Controller", ({ spec }) => spec?.controller ?? ""),
    text("Parameters", parametersText),
    ageColumn(),
  ],
};
