import { type PodTemplate, PodTemplates } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import { ageColumn, labelsText, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { defaultPodTemplate } from "../pod/defaults.ts";
import { validatePodTemplate } from "../pod/validate-spec.ts";

function validate({ template }: PodTemplate): FieldError[] {
  const errors = new FieldErrors();
  validatePodTemplate(errors, "template", template);
  return errors.list;
}

function names({ template }: PodTemplate, member: "name" | "image"): string {
  return (template?.spec?.containers ?? []).map((container) => container[member] ?? "").join(",");
}

export const podTemplateStrategy: Strategy<PodTemplate> = {
  type: PodTemplates,
  singular: "podtemplate",
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  defaults: ({ template }) => defaultPodTemplate(template),
  validate,
  columns: [
    nameColumn(),
    text("Containers", (object) => names(object, "name")),
    text("Images", (object) => names(object, "image")),
    text("Pod Labels", ({ template }) => labelsText(template?.metadata?.labels)),
    ageColumn(),
  ],
};
