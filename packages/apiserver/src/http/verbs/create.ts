import { StatusError } from "@jdos/apimachinery";
import type { Core } from "../../registry/call.ts";
import { create } from "../../registry/create.ts";
import { createSubresource } from "../../registry/subresource.ts";
import { readObject } from "../body.ts";
import { type ResourceCall, writeOptions } from "../call-of.ts";
import { answerObject } from "../present.ts";
import type { ApiResponse } from "../request.ts";

/** POST to a collection or to a subresource. */
export async function handleCreate(core: Core, call: ResourceCall): Promise<ApiResponse> {
  const { request } = call;
  const options = writeOptions(request);
  const object = await readObject(request);
  if (call.call.subresource !== undefined) {
    return answerObject(core, call, 201, await createSubresource(core, call.call, object, options));
  }
  if (object.kind === undefined || object.kind === "") {
    throw new StatusError(
      "BadRequest",
      `Object 'Kind' is missing in '${JSON.stringify(object).slice(0, 200)}'`,
    );
  }
  return answerObject(core, call, 201, await create(core, call.call, object, options));
}
