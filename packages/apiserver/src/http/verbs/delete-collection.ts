import type { Core } from "../../registry/call.ts";
import { removeCollection } from "../../registry/delete-collection.ts";
import type { ResourceCall } from "../call-of.ts";
import { answerList } from "../present.ts";
import type { ApiResponse } from "../request.ts";
import { deleteOptions } from "./delete.ts";

/** DELETE of a collection: answered with what was deleted or marked. */
export async function handleDeleteCollection(core: Core, call: ResourceCall): Promise<ApiResponse> {
  const { query } = call.request;
  const options = await deleteOptions(call.request);
  const selectors = {
    labelSelector: query.get("labelSelector") ?? "",
    fieldSelector: query.get("fieldSelector") ?? "",
  };
  const items = await removeCollection(core, call.call, { ...options, ...selectors });
  return answerList(core, call, { items, metadata: { resourceVersion: String(core.store.revision) } });
}
