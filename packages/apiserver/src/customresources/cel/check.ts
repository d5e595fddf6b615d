import { functions } from "./functions.ts";
import { type Expression, parseCel } from "./parse.ts";
import { CelError } from "./tokens.ts";

const MACROS: ReadonlySet<string> = new Set(["has", "all", "exists", "exists_one", "filter", "map"]);
const VARIABLES: ReadonlySet<string> = new Set(["self", "oldSelf", "optional"]);
const WITH_VARIABLE: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter", "map"]);

/** Why a rule cannot be evaluated here; undefined when it can. */
export function whyNotEvaluable(rule: string): string | undefined {
  try {
    checkNames(parseCel(rule), VARIABLES);
    return undefined;
  } catch (error) {
    if (error instanceof CelError) return error.message;
    throw error;
  }
}

/** True for rules about a change: they are asked on updates alone. */
export function isTransitionRule(expression: Expression): boolean {
  if (expression.kind === "name") return expression.name === "oldSelf";
  return childrenOf(expression).some(isTransitionRule);
}

function checkNames(expression: Expression, known: ReadonlySet<string>): void {
  if (expression.kind === "name" && !known.has(expression.name)) {
    throw new CelError(`undeclared reference to '${expression.name}'`);
  }
  if (expression.kind !== "call") {
    for (const child of childrenOf(expression)) checkNames(child, known);
    return;
  }
  const { of, name, args } = expression;
  const onOptional = of?.kind === "name" && of.name === "optional";
  if (!onOptional && !MACROS.has(name) && functions[name] === undefined) {
    throw new CelError(`undeclared reference to '${name}'`);
  }
  if (of !== undefined) checkNames(of, known);
  const [first, ...rest] = args;
  const binds = of !== undefined && WITH_VARIABLE.has(name) && first?.kind === "name";
  const inner = binds ? new Set([...known, first.name]) : known;
  for (const arg of binds ? rest : args) checkNames(arg, inner);
}

function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "member":
    case "unary":
      return [expression.of];
    case "index":
      return [expression.of, expression.by];
    case "call":
      return expression.of === undefined ? expression.args : [expression.of, ...expression.args];
    case "binary":
      return [expression.left, expression.right];
    case "choice":
      return [expression.when, expression.then, expression.otherwise];
    case "list":
      return expression.items;
    case "map":
      return expression.entries.flat();
    default:
      return [];
  }
}
