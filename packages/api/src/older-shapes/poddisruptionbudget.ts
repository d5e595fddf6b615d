import { PodDisruptionBudgets } from "../kubernetes.ts";
import type { Content, OlderShape, ShapedKind } from "./older-shape.ts";

interface Requirement {
  readonly key: string;
  readonly operator: string;
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

/** The label that newer API servers themselves translate an empty selector with; no Pod carries it. */
const KEY = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match";
const ALL: Selector = { matchExpressions: [{ key: KEY, operator: "DoesNotExist" }] };
const NONE: Selector = { matchExpressions: [{ key: KEY, operator: "Exists" }] };

/** policy/v1beta1: an empty selector selects no Pod there, and every Pod in policy/v1. */
const v1beta1: OlderShape = {
  version: "v1beta1",
  lacks: ["spec.unhealthyPodEvictionPolicy"],
  differs: ["spec.selector"],
  fromOlder: (budget) =>
    withSelector(budget, (selector) => translate(selector, { empty: NONE, reserved: ALL })),
  toOlder: (budget) =>
    withSelector(budget, (selector) => translate(selector, { empty: ALL, reserved: NONE })),
};

export const podDisruptionBudget: ShapedKind = { type: PodDisruptionBudgets, older: [v1beta1] };

function withSelector(budget: Content, convert: (selector: Selector) => Selector): Content {
  const spec = budget.spec as { selector?: Selector | null } | undefined;
  if (spec?.selector === undefined || spec.selector === null) return budget;
  return { ...budget, spec: { ...spec, selector: convert(spec.selector) } };
}

interface Words {
  /** How the other side says what an empty selector says here. */
  empty: Selector;
  /** How this side says what an empty selector says there. */
  reserved: Selector;
}

function translate(selector: Selector, { empty, reserved }: Words): Selector {
  if (isEmpty(selector)) return empty;
  return isOnly(selector, reserved) ? {} : selector;
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: Selector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

function isOnly({ matchLabels = {}, matchExpressions = [] }: Selector, of: Selector): boolean {
  const [wanted] = of.matchExpressions ?? [];
  const [only] = matchExpressions;
  return (
    Object.keys(matchLabels).length === 0 &&
    matchExpressions.length === 1 &&
    only?.key === wanted?.key &&
    only?.operator === wanted?.operator
  );
}
