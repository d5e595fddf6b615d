import { deepEqual } from "@jdos/apimachinery";
import { isObject } from "../schema.ts";
import { compare, functions, Optional } from "./functions.ts";
import type { Expression } from "./parse.ts";
import { CelError } from "./tokens.ts";

export type Variables = Readonly<Record<string, unknown>>;

/** Macros: their arguments are evaluated with a variable of their own. */
const MACROS: Readonly<
  Record<string, (items: readonly unknown[], test: (item: unknown) => unknown) => unknown>
> = {
  all: (items, test) => items.every((item) => truth(test(item))),
  exists: (items, test) => items.some((item) => truth(test(item))),
  exists_one: (items, test) => items.filter((item) => truth(test(item))).length === 1,
  filter: (items, test) => items.filter((item) => truth(test(item))),
  map: (items, test) => items.map(test),
};

/** The value of an expression. @throws CelError for a missing key, a wrong type, an unknown function */
export function evaluate(expression: Expression, variables: Variables): unknown {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "name":
      if (!(expression.name in variables)) throw new CelError(`undeclared reference to '${expression.name}'`);
      return variables[expression.name];
    case "member":
      return member(evaluate(expression.of, variables), expression.name, expression.optional);
    case "index":
      return member(
        evaluate(expression.of, variables),
        evaluate(expression.by, variables),
        expression.optional,
      );
    case "call":
      return call(expression, variables);
    case "unary":
      return expression.operator === "!"
        ? !truth(evaluate(expression.of, variables))
        : -numberOf(evaluate(expression.of, variables));
    case "binary":
      return binary(expression, variables);
    case "choice":
      return evaluate(
        truth(evaluate(expression.when, variables)) ? expression.then : expression.otherwise,
        variables,
      );
    case "list":
      return expression.items.map((item) => evaluate(item, variables));
    case "map":
      return Object.fromEntries(
        expression.entries.map(([key, value]) => [
          String(evaluate(key, variables)),
          evaluate(value, variables),
        ]),
      );
  }
}

export function truth(value: unknown): boolean {
  if (typeof value !== "boolean") throw new CelError("no such overload: a bool is needed");
  return value;
}

function numberOf(value: unknown): number {
  if (typeof value !== "number") throw new CelError("no such overload: a number is needed");
  return value;
}

function member(of: unknown, key: unknown, optional: boolean): unknown {
  if (of instanceof Optional) return of.present ? lift(lookUp(of.value, key)) : of;
  const found = lookUp(of, key);
  if (optional) return lift(found);
  if (found === undefined) throw new CelError(`no such key: ${String(key)}`);
  return found;
}

function lift(value: unknown): Optional {
  return value === undefined ? new Optional(false) : new Optional(true, value);
}

function lookUp(of: unknown, key: unknown): unknown {
  if (Array.isArray(of)) return of[Number(key)];
  if (isObject(of)) return Object.hasOwn(of, String(key)) ? of[String(key)] : undefined;
  throw new CelError(`no such overload: ${String(key)} of a value that has no members`);
}

type Call = Extract<Expression, { kind: "call" }>;

function call({ of, name, args }: Call, variables: Variables): unknown {
  if (of === undefined && name === "has") return has(args[0], variables);
  if (of?.kind === "name" && of.name === "optional") return optionalOf(name, args, variables);
  const macro = of === undefined ? undefined : MACROS[name];
  if (of !== undefined && macro !== undefined && args[0]?.kind === "name" && args.length >= 2) {
    const bound = args[0].name;
    const [test, transform] = args.slice(1);
    const items = itemsOf(evaluate(of, variables));
    const within = (one: Expression) => (item: unknown) => evaluate(one, { ...variables, [bound]: item });
    if (transform === undefined) return macro(items, within(test!));
    return items.filter((item) => truth(within(test!)(item))).map(within(transform));
  }
  const apply = functions[name];
  if (apply === undefined) throw new CelError(`undeclared reference to '${name}'`);
  const receiver = of === undefined ? [] : [evaluate(of, variables)];
  return apply(...receiver, ...args.map((arg) => evaluate(arg, variables)));
}

function has(argument: Expression | undefined, variables: Variables): boolean {
  if (argument?.kind !== "member") throw new CelError("invalid argument to has() macro");
  const of = evaluate(argument.of, variables);
  return lookUp(of, argument.name) !== undefined;
}

function optionalOf(name: string, args: readonly Expression[], variables: Variables): Optional {
  if (name === "none") return new Optional(false);
  return new Optional(true, evaluate(args[0]!, variables));
}

/** The items of a list, the keys of a map. */
function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isObject(value)) return Object.keys(value);
  throw new CelError("no such overload: a list or a map is needed");
}

type Binary = Extract<Expression, { kind: "binary" }>;

function binary({ operator, left, right }: Binary, variables: Variables): unknown {
  if (operator === "&&" || operator === "||") return either(operator === "||", [left, right], variables);
  const a = evaluate(left, variables);
  const b = evaluate(right, variables);
  switch (operator) {
    case "==":
      return deepEqual(a, b);
    case "!=":
      return !deepEqual(a, b);
    case "in":
      return Array.isArray(b) ? b.some((item) => deepEqual(item, a)) : lookUp(b, a) !== undefined;
    case "<":
      return compare(a, b) < 0;
    case "<=":
      return compare(a, b) <= 0;
    case ">":
      return compare(a, b) > 0;
    case ">=":
      return compare(a, b) >= 0;
    case "+":
      return add(a, b);
    default:
      return arithmetic(operator, numberOf(a), numberOf(b));
  }
}

/** An error on one side does not matter where the other decides. */
function either(decisive: boolean, sides: readonly Expression[], variables: Variables): boolean {
  let failure: unknown;
  for (const side of sides) {
    try {
      if (truth(evaluate(side, variables)) === decisive) return decisive;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return !decisive;
}

function add(a: unknown, b: unknown): unknown {
  if (typeof a === "string" && typeof b === "string") return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  return numberOf(a) + numberOf(b);
}

function arithmetic(operator: string, a: number, b: number): number {
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  if (b === 0) throw new CelError("division by zero");
  if (operator === "%") return a % b;
  return Number.isInteger(a) && Number.isInteger(b) ? Math.trunc(a / b) : a / b;
}
