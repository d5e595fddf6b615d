import { isObject } from "./schema.ts";

/** One step of a path: from the values before it to those after it. */
type Step = (values: readonly unknown[]) => unknown[];

const TOKEN =
  /^(?:\.([\w$-]+(?:\\\.[\w$-]+)*(?:\\\/[\w$-]+)*)|\.?\[(-?\d+)\]|\.?\[\*\]|\.\*|\[['"]((?:[^'"\\]|\\.)+)['"]\]|\[\?\(\s*@\.?([\w.]+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(\w+))\s*\)\])/;

/**
 * Compiles a JSONPath of the kind a CustomResourceDefinition's columns use: members, indexes, wildcards, and a
 * filter that compares one member (`.status.conditions[?(@.type=="Ready")].status`).
 * Returns undefined when it is not of that kind.
 */
export function compileJsonPath(path: string): ((object: unknown) => unknown[]) | undefined {
  const steps: Step[] = [];
  let rest = path
    .trim()
    .replace(/^\{(.*)\}$/, "$1")
    .replace(/^\$/, "");
  if (!rest.startsWith(".") && !rest.startsWith("[")) rest = `.${rest}`;
  while (rest !== "") {
    const match = TOKEN.exec(rest);
    if (match === null) return undefined;
    steps.push(stepOf(match));
    rest = rest.slice(match[0].length);
  }
  return (object) => steps.reduce<unknown[]>((values, step) => step(values), [object]);
}

function stepOf([, name, index, quoted, filtered, operator, ...literals]: RegExpExecArray): Step {
  if (name !== undefined) return member(name.replace(/\\/g, ""));
  if (quoted !== undefined) return member(quoted.replace(/\\(.)/g, "$1"));
  if (index !== undefined) return (values) => present(values.map((value) => at(value, Number(index))));
  if (filtered !== undefined) {
    const wanted = literals.find((one) => one !== undefined) ?? "";
    return filter(filtered.split("."), wanted, operator === "==");
  }
  return (values) => values.flatMap(membersOf);
}

function member(name: string): Step {
  return (values) => present(values.map((value) => (isObject(value) ? value[name] : undefined)));
}

function filter(path: readonly string[], wanted: string, equal: boolean): Step {
  const read = (value: unknown): unknown =>
    path.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
  return (values) =>
    values.flatMap(membersOf).filter((value) => {
      const found = read(value);
      return found !== undefined && (String(found) === wanted) === equal;
    });
}

function at(value: unknown, index: number): unknown {
  return Array.isArray(value) ? value.at(index) : undefined;
}

function membersOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function present(values: readonly unknown[]): unknown[] {
  return values.filter((value) => value !== undefined);
}
