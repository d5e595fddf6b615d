import type { LabelSelector } from "kubernetes-types/meta/v1.d.ts";
import type { DeepReadonly } from "./meta.ts";
import { StatusError } from "./status-error.ts";

export type { LabelSelector };

/** One requirement of a parsed label selector. */
export interface Requirement {
  key: string;
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
  values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

const KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/;

/** True when labels satisfy every requirement. */
export function matchesRequirements(
  requirements: readonly Requirement[],
  labels: Labels | undefined,
): boolean {
  return requirements.every((requirement) => matchesOne(requirement, labels?.[requirement.key]));
}

function matchesOne({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

/** The requirements of a LabelSelector object. An empty selector matches everything; undefined matches nothing. */
export function selectorRequirements(
  selector: DeepReadonly<LabelSelector> | undefined,
): Requirement[] | undefined {
  if (selector === undefined) return undefined;
  const requirements: Requirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: "In",
    values: [value],
  }));
  for (const expression of selector.matchExpressions ?? []) {
    requirements.push({
      key: expression.key,
      operator: expression.operator as Requirement["operator"],
      values: expression.values ?? [],
    });
  }
  return requirements;
}

/** True when the LabelSelector selects the labels. */
export function matchesSelector(
  selector: DeepReadonly<LabelSelector> | undefined,
  labels: Labels | undefined,
): boolean {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  for (const key of Object.keys(matchLabels)) if (labels?.[key] !== matchLabels[key]) return false;
  return matchExpressions.every(({ key, operator, values = [] }) =>
    matchesOne({ key, operator: operator as Requirement["operator"], values }, labels?.[key]),
  );
}

/** Writes a LabelSelector in the form of the labelSelector query parameter. */
export function formatSelector(selector: DeepReadonly<LabelSelector>): string {
  return (selectorRequirements(selector) ?? []).map(formatRequirement).join(",");
}

function formatRequirement({ key, operator, values }: Requirement): string {
  switch (operator) {
    case "In":
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(",")})`;
    case "NotIn":
      return `${key} notin (${values.join(",")})`;
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
    case "Gt":
      return `${key}>${values[0]}`;
    case "Lt":
      return `${key}<${values[0]}`;
  }
}

/**
 * Parses the labelSelector query parameter: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`.
 * @throws StatusError BadRequest with the part that cannot be read
 */
export function parseSelector(text: string): Requirement[] {
  return splitOutsideParentheses(text).map((part) => parseRequirement(part.trim(), text));
}

function splitOutsideParentheses(text: string): string[] {
  if (text.trim() === "") return [];
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (char === "," && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function parseRequirement(part: string, whole: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set !== null) {
    const values = set[3]!.split(",").map((value) => value.trim());
    return checked({ key: set[1]!, operator: set[2] === "in" ? "In" : "NotIn", values }, whole);
  }
  const compare = /^([^=!<>\s]+)\s*(==|=|!=|>|<)\s*([^=!<>\s]*)$/.exec(part);
  if (compare !== null) {
    const operators = { "=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt" } as const;
    const operator = operators[compare[2] as keyof typeof operators];
    return checked({ key: compare[1]!, operator, values: [compare[3]!] }, whole);
  }
  if (part.startsWith("!"))
    return checked({ key: part.slice(1).trim(), operator: "DoesNotExist", values: [] }, whole);
  return checked({ key: part, operator: "Exists", values: [] }, whole);
}

function checked(requirement: Requirement, whole: string): Requirement {
  const wrong = KEY.test(requirement.key)
    ? requirement.values.find((value) => !VALUE.test(value))
    : requirement.key;
  if (wrong !== undefined) {
    throw new StatusError(
      "BadRequest",
      `unable to parse requirement: "${wrong}" in selector "${whole}" is not a valid label key or value`,
    );
  }
  return requirement;
}

/** One term of a field selector. */
export interface FieldTerm {
  path: string;
  equal: boolean;
  value: string;
}

/**
 * Parses the fieldSelector query parameter: `metadata.name=a,status.phase!=Running`.
 * @throws StatusError BadRequest
 */
export function parseFieldSelector(text: string): FieldTerm[] {
  if (text.trim() === "") return [];
  return text.split(",").map((part) => {
    const match = /^\s*([^=!]+?)\s*(==|=|!=)\s*(.*?)\s*$/.exec(part);
    if (match === null)
      throw new StatusError("BadRequest", `invalid selector: "${text}"; can't understand "${part}"`);
    return { path: match[1]!, equal: match[2] !== "!=", value: match[3]! };
  });
}
