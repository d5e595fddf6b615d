import type { FieldError } from "@jdos/apimachinery";
import { isObject, memberSchema, type Schema, type ValidationRule } from "../schema.ts";
import { isTransitionRule } from "./check.ts";
import { evaluate, truth } from "./evaluate.ts";
import { Optional } from "./functions.ts";
import { type Expression, parseCel } from "./parse.ts";
import { CelError } from "./tokens.ts";

/** What of an object breaks the x-kubernetes-validations of its schema. */
export function evaluateStateRules(schema: Schema, value: unknown): FieldError[] {
  const errors: FieldError[] = [];
  if (hasRules(schema)) walk(errors, { schema, value, old: undefined, path: "", aboutChange: false });
  return errors;
}

/** What of a change breaks the rules that speak of oldSelf; those are asked on updates alone. */
export function evaluateChangeRules(schema: Schema, value: unknown, old: unknown): FieldError[] {
  const errors: FieldError[] = [];
  if (hasRules(schema)) walk(errors, { schema, value, old, path: "", aboutChange: true });
  return errors;
}

const answers = new WeakMap<Schema, boolean>();

/** Whether a rule stands in the schema or below it: most have none, and need no walk. */
function hasRules(schema: Schema): boolean {
  let answer = answers.get(schema);
  if (answer === undefined) {
    const { properties, additionalProperties, items } = schema;
    const below = [...Object.values(properties ?? {}), additionalProperties, items];
    answer =
      (schema["x-kubernetes-validations"] ?? []).length > 0 ||
      below.some((one) => typeof one === "object" && hasRules(one));
    answers.set(schema, answer);
  }
  return answer;
}

interface Place {
  schema: Schema;
  value: unknown;
  old: unknown;
  path: string;
  /** Which rules are asked: those about the change, or the others. */
  aboutChange: boolean;
}

function walk(errors: FieldError[], place: Place): void {
  const { schema, value, old, path } = place;
  if (value === undefined || value === null || !hasRules(schema)) return;
  for (const rule of schema["x-kubernetes-validations"] ?? []) askRule(errors, rule, place);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    for (const [index, item] of value.entries()) {
      walk(errors, {
        ...place,
        schema: items,
        value: item,
        old: counterpart(schema, item, old),
        path: `${path}[${index}]`,
      });
    }
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      const memberOf = memberSchema(schema, name);
      const before = isObject(old) ? old[name] : undefined;
      const at = path === "" ? name : `${path}.${name}`;
      if (memberOf !== undefined)
        walk(errors, { ...place, schema: memberOf, value: member, old: before, path: at });
    }
  }
}

/** The item of the old list with the same keys; items of other lists have none. */
function counterpart(schema: Schema, item: unknown, old: unknown): unknown {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (schema["x-kubernetes-list-type"] !== "map" || !Array.isArray(old) || !isObject(item)) return undefined;
  return old.find((one) => isObject(one) && keys.every((key) => one[key] === item[key]));
}

const compiled = new Map<string, Expression>();

function compile(source: string): Expression {
  let expression = compiled.get(source);
  if (expression === undefined) {
    expression = parseCel(source);
    compiled.set(source, expression);
  }
  return expression;
}

function askRule(errors: FieldError[], rule: ValidationRule, place: Place): void {
  const { schema, value, old, path, aboutChange } = place;
  const expression = compile(rule.rule);
  const optional = rule.optionalOldSelf === true;
  if (isTransitionRule(expression) !== aboutChange) return;
  if (aboutChange && old === undefined && !optional) return;
  const before = optional ? new Optional(old !== undefined, old) : old;
  const variables = { self: value, oldSelf: before };
  const at = `${path}${rule.fieldPath ?? ""}`.replace(/^\./, "");
  try {
    if (truth(evaluate(expression, variables))) return;
    errors.push(failure(rule, at, { type: schema.type ?? "object", detail: messageOf(rule, variables) }));
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    const detail = `${error.message} evaluating rule: ${rule.message ?? rule.rule}`;
    errors.push({
      type: "FieldValueInvalid",
      field: at,
      message: `Invalid value: "${schema.type ?? "object"}": ${detail}`,
    });
  }
}

function messageOf(
  { rule, message, messageExpression }: ValidationRule,
  variables: Record<string, unknown>,
): string {
  if (messageExpression !== undefined) {
    try {
      const text = evaluate(compile(messageExpression), variables);
      if (typeof text === "string" && text.trim() !== "") return text;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
    }
  }
  return message ?? `failed rule: ${rule.trim()}`;
}

function failure(
  { reason }: ValidationRule,
  field: string,
  { type, detail }: { type: string; detail: string },
): FieldError {
  switch (reason) {
    case "FieldValueForbidden":
      return { type: reason, field, message: `Forbidden: ${detail}` };
    case "FieldValueRequired":
      return { type: reason, field, message: `Required value: ${detail}` };
    case "FieldValueDuplicate":
      return { type: reason, field, message: `Duplicate value: "${type}"` };
    default:
      return { type: "FieldValueInvalid", field, message: `Invalid value: "${type}": ${detail}` };
  }
}
