import type { KubeObject } from "@jdos/apimachinery";
import type { CustomResourceColumnDefinition } from "kubernetes-types/apiextensions/v1.d.ts";
import { ageColumn, nameColumn } from "../printing/columns.ts";
import { since } from "../printing/human-duration.ts";
import type { TableColumn } from "../registry/strategy.ts";
import { compileJsonPath } from "./json-path.ts";

/** Name, then the columns of the definition; Age when it has none. */
export function customColumns(
  given: readonly CustomResourceColumnDefinition[] | undefined,
): TableColumn<KubeObject>[] {
  if (given === undefined || given.length === 0) return [nameColumn(), ageColumn()];
  return [nameColumn(), ...given.map(columnOf)];
}

function columnOf(given: CustomResourceColumnDefinition): TableColumn<KubeObject> {
  const find = compileJsonPath(given.jsonPath) ?? (() => []);
  return {
    name: given.name,
    type: given.type as TableColumn<KubeObject>["type"],
    format: given.format ?? "",
    description: given.description ?? "",
    priority: given.priority ?? 0,
    cell: (object, now) => cellOf(find(object), given.type, now),
  };
}

function cellOf(found: readonly unknown[], type: string, now: Date): string | number | boolean | null {
  const [first] = found;
  if (first === undefined || first === null) return null;
  switch (type) {
    case "integer":
    case "number":
      return typeof first === "number" ? first : null;
    case "boolean":
      return typeof first === "boolean" ? first : null;
    case "date":
      return typeof first === "string" ? since(first, now) : "<unknown>";
    default:
      return found.map(textOf).join(",");
  }
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
