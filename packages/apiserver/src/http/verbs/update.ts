import type { Core } from "../../registry/call.ts";
import { updateSubresource } from "../../registry/subresource.ts";
import { readObject } from "../body.ts";
import { type ResourceCall, writeOptions } from "../call-of.ts";
import { answerObject } from "../present.ts";
import type { ApiResponse } from "../request.ts";

/** PUT of an object or of a subresource. */
export async function handleUpdate(core: Core, call: ResourceCall): Promise<ApiResponse> {
  const options = writeOptions(call.request);
  const object = await readObject(call.request);
  return answerObject(core, call, 200, await updateSubresource(core, call.call, object, options));
}
