/** The columns that many Kinds share. A strategy lists its columns in order; Name is always the first. */
import { formatSelector, type KubeObject, type LabelSelector } from "@jdos/apimachinery";
import type { TableColumn } from "../registry/strategy.ts";
import { since } from "./human-duration.ts";

type Cell<T extends KubeObject> = TableColumn<T>["cell"];

/** Name is shown as kubectl needs it for "get -o name". */
export function nameColumn<T extends KubeObject>(): TableColumn<T> {
  return { name: "Name", type: "string", format: "name", cell: (object) => object.metadata?.name ?? "" };
}

export function ageColumn<T extends KubeObject>(): TableColumn<T> {
  return {
    name: "Age",
    type: "string",
    cell: (object, now) => since(object.metadata?.creationTimestamp, now),
  };
}

/** A column of text, always shown. */
export function text<T extends KubeObject>(name: string, cell: Cell<T>): TableColumn<T> {
  return { name, type: "string", cell };
}

/** A column of whole numbers, always shown. */
export function integer<T extends KubeObject>(name: string, cell: Cell<T>): TableColumn<T> {
  return { name, type: "integer", cell };
}

/** The same column, shown only with -o wide. */
export function wide<T extends KubeObject>(column: TableColumn<T>): TableColumn<T> {
  return { ...column, priority: 1 };
}

/** Name and Age: the columns of a Kind that asks for nothing more. */
export function nameAndAge<T extends KubeObject>(): TableColumn<T>[] {
  return [nameColumn<T>(), ageColumn<T>()];
}

/** "<none>" for nothing, as kubectl prints empty lists and selectors. */
export function orNone(value: string | undefined): string {
  return value === undefined || value === "" ? "<none>" : value;
}

export function selectorText(selector: LabelSelector | undefined): string {
  return orNone(selector === undefined ? "" : formatSelector(selector));
}

/** "a=b,c=d", sorted by key. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return orNone(pairs.sort().join(","));
}

interface WithContainers {
  containers?: readonly { name: string; image?: string }[];
}

/** The wide columns Containers and Images of the Kinds that carry a Pod template. */
export function containerColumns<T extends KubeObject>(
  spec: (object: T) => WithContainers | undefined,
): TableColumn<T>[] {
  const list = (object: T, member: "name" | "image"): string =>
    (spec(object)?.containers ?? []).map((container) => container[member] ?? "").join(",");
  return [
    wide(text("Containers", (object) => list(object, "name"))),
    wide(text("Images", (object) => list(object, "image"))),
  ];
}
