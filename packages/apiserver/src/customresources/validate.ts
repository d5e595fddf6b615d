import { deepEqual, type FieldError } from "@jdos/apimachinery";
import { FieldErrors } from "../registry/validation/field-errors.ts";
import { formats } from "./formats.ts";
import { patternOf } from "./pattern.ts";
import { isObject, memberSchema, type Schema } from "./schema.ts";

/** What of an object breaks its schema, in the words of the Kubernetes API. */
export function validateSchema(schema: Schema, value: unknown, path = ""): FieldError[] {
  const errors = new FieldErrors();
  check(errors, schema, value, path);
  return errors.list;
}

function check(errors: FieldErrors, schema: Schema, value: unknown, path: string): void {
  if (value === null && schema.nullable === true) return;
  if (!checkType(errors, schema, value, path)) return;
  if (schema.enum !== undefined && !schema.enum.some((one) => deepEqual(one, value))) {
    errors.notInEnumeration(path, value, schema.enum.map(String));
  }
  if (typeof value === "number") checkNumber(errors, schema, value, path);
  else if (typeof value === "string") checkString(errors, schema, value, path);
  else if (Array.isArray(value)) checkList(errors, schema, value, path);
  else if (isObject(value)) checkObject(errors, schema, value, path);
  checkCombinations(errors, schema, value, path);
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function checkType(errors: FieldErrors, schema: Schema, value: unknown, path: string): boolean {
  const given = typeOf(value);
  if (schema["x-kubernetes-int-or-string"] === true) {
    if (given === "integer" || given === "string") return true;
    errors.invalid(path, given, `${path} in body must be of type integer,string: "${given}"`);
    return false;
  }
  const { type } = schema;
  if (type === undefined || type === "" || type === given) return true;
  if (type === "number" && given === "integer") return true;
  errors.invalid(path, given, `${path} in body must be of type ${type}: "${given}"`);
  return false;
}

function checkNumber(errors: FieldErrors, schema: Schema, value: number, path: string): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema;
  const say = (detail: string): void => errors.invalid(path, value, `${path} in body should be ${detail}`);
  if (minimum !== undefined && exclusiveMinimum === true && value <= minimum) say(`greater than ${minimum}`);
  else if (minimum !== undefined && value < minimum) say(`greater than or equal to ${minimum}`);
  if (maximum !== undefined && exclusiveMaximum === true && value >= maximum) say(`less than ${maximum}`);
  else if (maximum !== undefined && value > maximum) say(`less than or equal to ${maximum}`);
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) say(`a multiple of ${multipleOf}`);
  if (format === "int32" && Math.abs(value) > 2 ** 31) say("of format int32");
}

function checkString(errors: FieldErrors, schema: Schema, value: string, path: string): void {
  const { minLength, maxLength, pattern, format } = schema;
  const length = [...value].length;
  const say = (detail: string): void => errors.invalid(path, value, `${path} in body should ${detail}`);
  if (minLength !== undefined && length < minLength) say(`be at least ${minLength} chars long`);
  if (maxLength !== undefined && length > maxLength) {
    errors.list.push({
      type: "FieldValueTooLong",
      field: path,
      message: `Too long: may not be more than ${maxLength} bytes`,
    });
  }
  if (pattern !== undefined && !patternOf(pattern).test(value)) say(`match '${pattern}'`);
  const isRight = format === undefined ? undefined : formats[format];
  if (isRight !== undefined && !isRight(value)) {
    errors.invalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`);
  }
}

function checkList(errors: FieldErrors, schema: Schema, list: readonly unknown[], path: string): void {
  const { minItems, maxItems, items } = schema;
  if (minItems !== undefined && list.length < minItems) {
    errors.invalid(path, list.length, `${path} in body should have at least ${minItems} items`);
  }
  if (maxItems !== undefined && list.length > maxItems) {
    errors.list.push({
      type: "FieldValueTooLong",
      field: path,
      message: `Too many: ${list.length}: must have at most ${maxItems} items`,
    });
  }
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const kind = schema["x-kubernetes-list-type"];
  const unique = kind === "set" || kind === "map" || schema.uniqueItems === true;
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const at = `${path}[${index}]`;
    if (items !== undefined) check(errors, items, item, at);
    if (!unique) continue;
    const identity =
      kind === "map" && isObject(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : item;
    const text = JSON.stringify(identity);
    if (seen.has(text)) errors.duplicate(at, identity);
    seen.add(text);
  }
}

function checkObject(
  errors: FieldErrors,
  schema: Schema,
  object: Record<string, unknown>,
  path: string,
): void {
  const { required = [], minProperties, maxProperties } = schema;
  const size = Object.keys(object).length;
  for (const name of required)
    if (object[name] === undefined) errors.required(path === "" ? name : `${path}.${name}`);
  if (minProperties !== undefined && size < minProperties) {
    errors.invalid(path, size, `${path} in body should have at least ${minProperties} properties`);
  }
  if (maxProperties !== undefined && size > maxProperties) {
    errors.invalid(path, size, `${path} in body should have at most ${maxProperties} properties`);
  }
  for (const [name, value] of Object.entries(object)) {
    const member = memberSchema(schema, name);
    if (member !== undefined && value !== undefined)
      check(errors, member, value, path === "" ? name : `${path}.${name}`);
  }
}

function checkCombinations(errors: FieldErrors, schema: Schema, value: unknown, path: string): void {
  const passes = (one: Schema): boolean => validateSchema(one, value, path).length === 0;
  const say = (detail: string): void => errors.invalid(path, value, `${JSON.stringify(path)} ${detail}`);
  for (const one of schema.allOf ?? []) check(errors, one, value, path);
  if (schema.anyOf !== undefined && !schema.anyOf.some(passes)) {
    if (schema["x-kubernetes-int-or-string"] !== true) say("must validate at least one schema (anyOf)");
  }
  if (schema.oneOf !== undefined) {
    const count = schema.oneOf.filter(passes).length;
    if (count !== 1)
      say(
        `must validate one and only one schema (oneOf). Found ${count} valid alternatives`
          .replace("Found 0", "Found none")
          .replace("none valid alternatives", "none valid"),
      );
  }
  if (schema.not !== undefined && passes(schema.not)) say("must not validate the schema (not)");
}
