import type { FieldErrors } from "../registry/validation/field-errors.ts";
import { whyNotEvaluable } from "./cel/check.ts";
import { patternOf } from "./pattern.ts";
import type { Schema } from "./schema.ts";

const TYPES = ["array", "boolean", "integer", "number", "object", "string"];
const IN_LOGIC_ONLY_VALUES = [
  "type",
  "default",
  "description",
  "title",
  "nullable",
  "additionalProperties",
] as const;

/**
 * The rules of a structural schema: every node says its type, and what stands in allOf, anyOf, oneOf and not only
 * narrows values. Source: kubernetes.io, Extend the API with CustomResourceDefinitions, Specifying a structural schema.
 */
export function validateStructure(errors: FieldErrors, path: string, root: Schema): void {
  if (root.type !== "object") errors.invalid(`${path}.type`, root.type ?? "", "must be object at the root");
  validateNode(errors, path, root);
}

function validateNode(errors: FieldErrors, path: string, schema: Schema): void {
  validateType(errors, path, schema);
  validateWords(errors, path, schema);
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    validateNode(errors, `${path}.properties[${name}]`, member);
  }
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) {
    errors.forbidden(
      `${path}.additionalProperties`,
      "additionalProperties and properties are mutual exclusive",
    );
  }
  if (typeof schema.additionalProperties === "object") {
    validateNode(errors, `${path}.additionalProperties`, schema.additionalProperties);
  }
  if (schema.items !== undefined) validateNode(errors, `${path}.items`, schema.items);
  validateLogic(errors, path, schema);
}

function validateType(errors: FieldErrors, path: string, schema: Schema): void {
  const free =
    schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const { type } = schema;
  if (type === undefined || type === "") {
    if (!free) errors.required(`${path}.type`, "must not be empty for specified object fields");
  } else if (!TYPES.includes(type)) errors.notSupported(`${path}.type`, type, TYPES);
  else if (schema["x-kubernetes-int-or-string"] === true) {
    errors.invalid(`${path}.type`, type, "must be empty if x-kubernetes-int-or-string is true");
  }
  if (type === "array" && schema.items === undefined) errors.required(`${path}.items`, "must be specified");
}

function validateWords(errors: FieldErrors, path: string, schema: Schema): void {
  const words = schema as Record<string, unknown>;
  for (const word of ["$ref", "definitions", "dependencies", "patternProperties", "additionalItems"]) {
    if (words[word] !== undefined) errors.forbidden(`${path}.${word}`, `${word} is not supported`);
  }
  if (schema.uniqueItems === true) {
    errors.forbidden(
      `${path}.uniqueItems`,
      "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
    );
  }
  if (schema.pattern !== undefined && !compiles(schema.pattern)) {
    errors.invalid(`${path}.pattern`, schema.pattern, "must be a valid regular expression");
  }
  if (
    schema["x-kubernetes-list-type"] === "map" &&
    (schema["x-kubernetes-list-map-keys"] ?? []).length === 0
  ) {
    errors.required(
      `${path}.x-kubernetes-list-map-keys`,
      "must not be empty if x-kubernetes-list-type is map",
    );
  }
  for (const [index, { rule }] of (schema["x-kubernetes-validations"] ?? []).entries()) {
    const at = `${path}.x-kubernetes-validations[${index}].rule`;
    const why = whyNotEvaluable(rule ?? "");
    if (why !== undefined) errors.invalid(at, rule ?? "", `compilation failed: ERROR: ${why}`);
  }
}

function compiles(pattern: string): boolean {
  try {
    patternOf(pattern);
    return true;
  } catch {
    return false;
  }
}

function validateLogic(errors: FieldErrors, path: string, schema: Schema): void {
  for (const member of ["allOf", "anyOf", "oneOf"] as const) {
    for (const [index, one] of (schema[member] ?? []).entries()) {
      if (schema["x-kubernetes-int-or-string"] === true) continue;
      validateNarrowing(errors, `${path}.${member}[${index}]`, one);
    }
  }
  if (schema.not !== undefined) validateNarrowing(errors, `${path}.not`, schema.not);
}

function validateNarrowing(errors: FieldErrors, path: string, schema: Schema): void {
  for (const word of IN_LOGIC_ONLY_VALUES) {
    if (schema[word] !== undefined) {
      errors.forbidden(`${path}.${word}`, `must be undefined to be structural`);
    }
  }
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    validateNarrowing(errors, `${path}.properties[${name}]`, member);
  }
  if (schema.items !== undefined) validateNarrowing(errors, `${path}.items`, schema.items);
  validateLogic(errors, path, schema);
}
