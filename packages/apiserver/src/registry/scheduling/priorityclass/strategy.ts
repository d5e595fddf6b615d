import { type PriorityClass, PriorityClasses } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import { ageColumn, integer, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";

const HIGHEST_FOR_USERS = 1_000_000_000;
const SYSTEM_PREFIX = "system-";
const SYSTEM = ["system-cluster-critical", "system-node-critical"];

function validate(priority: PriorityClass): FieldError[] {
  const errors = new FieldErrors();
  const name = priority.metadata?.name ?? "";
  if (name.startsWith(SYSTEM_PREFIX)) {
    if (!SYSTEM.includes(name)) {
      errors.forbidden(
        "metadata.name",
        `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only`,
      );
    }
  } else if (priority.value > HIGHEST_FOR_USERS) {
    errors.forbidden("value", `maximum allowed value of a user defined priority is ${HIGHEST_FOR_USERS}`);
  }
  errors.oneOf("preemptionPolicy", priority.preemptionPolicy, ["Never", "PreemptLowerPriority"]);
  return errors.list;
}

function validateUpdate(priority: PriorityClass, old: PriorityClass): FieldError[] {
  const errors = new FieldErrors();
  if (priority.value !== old.value) errors.forbidden("value", "may not be changed in an update.");
  if (priority.preemptionPolicy !== old.preemptionPolicy) {
    errors.immutable("preemptionPolicy", priority.preemptionPolicy, false);
  }
  return errors.list;
}

export const priorityClassStrategy: Strategy<PriorityClass> = {
  type: PriorityClasses,
  singular: "priorityclass",
  shortNames: ["pc"],
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  defaults(priority) {
    priority.value ??= 0;
    priority.preemptionPolicy ??= "PreemptLowerPriority";
  },
  prepareForCreate(object) {
    object.metadata = { ...object.metadata, generation: 1 };
  },
  validate,
  validateUpdate,
  columns: [
    nameColumn(),
    integer("Value", ({ value }) => value),
    { name: "Global-Default", type: "boolean", cell: ({ globalDefault }) => globalDefault ?? false },
    ageColumn(),
    text("PreemptionPolicy", ({ preemptionPolicy }) => preemptionPolicy ?? ""),
  ],
};
