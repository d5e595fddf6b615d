import type { Core } from "../registry/call.ts";
import type { Strategy } from "../registry/strategy.ts";
import type { StoredObject } from "../storage/event.ts";
import type { AnswerForm } from "./negotiate.ts";

export interface TableOptions {
  form: AnswerForm;
  query: URLSearchParams;
  metadata: object;
  /** Left out of all but the first event of a watch. */
  withoutColumns?: boolean;
}

/** Objects as a server-side table. */
export function tableOf(
  core: Core,
  strategy: Strategy,
  objects: readonly StoredObject[],
  { form, query, metadata, withoutColumns = false }: TableOptions,
): unknown {
  const now = core.now();
  const include = query.get("includeObject") ?? "Metadata";
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${form.version ?? "v1"}`,
    metadata,
    columnDefinitions: withoutColumns
      ? []
      : strategy.columns.map(({ name, type, format = "", description = "", priority = 0 }) => ({
          name,
          type: type === "date" ? "string" : type,
          format,
          description,
          priority,
        })),
    rows: objects.map((object) => ({
      cells: strategy.columns.map((column) => column.cell(object as never, now)),
      ...(include === "None"
        ? {}
        : {
            object:
              include === "Object"
                ? object
                : {
                    kind: "PartialObjectMetadata",
                    apiVersion: `meta.k8s.io/${form.version ?? "v1"}`,
                    metadata: object.metadata,
                  },
          }),
    })),
  };
}
