import type { Core } from "../../registry/call.ts";
import { type ListCallOptions, list } from "../../registry/list.ts";
import { integer, type ResourceCall } from "../call-of.ts";
import { answerList } from "../present.ts";
import type { ApiResponse } from "../request.ts";

/** GET of a collection. */
export async function handleList(core: Core, call: ResourceCall): Promise<ApiResponse> {
  return answerList(core, call, list(core, call.call, listOptions(call.request.query)));
}

/** The query of a list. */
export function listOptions(query: URLSearchParams): ListCallOptions {
  const options: ListCallOptions = {};
  const limit = integer(query, "limit");
  if (limit !== undefined) options.limit = limit;
  for (const name of [
    "labelSelector",
    "fieldSelector",
    "continue",
    "resourceVersion",
    "resourceVersionMatch",
  ] as const) {
    const text = query.get(name);
    if (text !== null) options[name] = text;
  }
  return options;
}
