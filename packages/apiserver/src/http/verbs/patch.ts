import { StatusError } from "@jdos/apimachinery";
import type { Patch } from "@jdos/client";
import type { Core } from "../../registry/call.ts";
import type { PatchCallOptions } from "../../registry/patch.ts";
import { patchSubresource } from "../../registry/subresource.ts";
import { mediaTypeOf, parseJson, parseYamlBody, unsupported } from "../body.ts";
import { flag, type ResourceCall, writeOptions } from "../call-of.ts";
import { answerObject } from "../present.ts";
import type { ApiResponse } from "../request.ts";

const TYPES: Readonly<Record<string, Patch["type"]>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

/** PATCH, in one of four languages. */
export async function handlePatch(core: Core, call: ResourceCall): Promise<ApiResponse> {
  const { request } = call;
  const type = TYPES[mediaTypeOf(request.headers["content-type"])];
  if (type === undefined) throw unsupported(Object.keys(TYPES));
  const text = (await request.body()).toString("utf8");
  const body = type === "apply" ? parseYamlBody(text) : parseJson(text);
  if (typeof body !== "object" || body === null)
    throw new StatusError("BadRequest", "error decoding patch: the patch must be an object or an array");
  const options: PatchCallOptions = writeOptions(request);
  if (flag(request.query, "force")) options.force = true;
  const { object, created } = await patchSubresource(core, call.call, { type, body } as Patch, options);
  return answerObject(core, call, created ? 201 : 200, object);
}
