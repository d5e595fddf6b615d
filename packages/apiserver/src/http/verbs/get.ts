import type { Core } from "../../registry/call.ts";
import { get } from "../../registry/get.ts";
import { getSubresource } from "../../registry/subresource.ts";
import type { ResourceCall } from "../call-of.ts";
import { answerObject } from "../present.ts";
import type { ApiResponse } from "../request.ts";

/** GET of one object or of a subresource. */
export async function handleGet(core: Core, call: ResourceCall): Promise<ApiResponse> {
  const object =
    call.call.subresource === undefined ? get(core, call.call) : await getSubresource(core, call.call);
  return answerObject(core, call, 200, object);
}
