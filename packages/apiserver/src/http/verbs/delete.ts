import type { Core } from "../../registry/call.ts";
import { type DeleteCallOptions, remove } from "../../registry/delete.ts";
import { readOptionalObject } from "../body.ts";
import { flag, integer, isDryRun, type ResourceCall, unknownResource } from "../call-of.ts";
import { answerObject } from "../present.ts";
import type { ApiRequest, ApiResponse } from "../request.ts";

/** DELETE of one object. What is gone is answered with a Status, what is held with the object. */
export async function handleDelete(core: Core, call: ResourceCall): Promise<ApiResponse> {
  if (call.call.subresource !== undefined) throw unknownResource();
  const options = await deleteOptions(call.request);
  const { object, gone } = await remove(core, call.call, options);
  const { type } = call.call.endpoint;
  if (!gone || type.kind === "Pod") return answerObject(core, call, 200, object);
  const details = {
    name: object.metadata.name,
    ...(type.group === "" ? {} : { group: type.group }),
    kind: type.resource,
    uid: object.metadata.uid,
  };
  return answerObject(core, call, 200, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details,
  });
}

/** DeleteOptions from the body, or from the query. */
export async function deleteOptions(request: ApiRequest): Promise<DeleteCallOptions> {
  const body = (await readOptionalObject(request)) as DeleteCallOptions & {
    dryRun?: readonly string[] | boolean;
    orphanDependents?: boolean;
  };
  const { query } = request;
  const gracePeriodSeconds = body.gracePeriodSeconds ?? integer(query, "gracePeriodSeconds");
  const orphan = body.orphanDependents ?? flag(query, "orphanDependents");
  const policy =
    body.propagationPolicy ??
    query.get("propagationPolicy") ??
    (orphan === undefined ? undefined : orphan ? "Orphan" : "Background");
  const dryRun = isDryRun([...(Array.isArray(body.dryRun) ? body.dryRun : []), ...query.getAll("dryRun")]);
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(policy === undefined
      ? {}
      : { propagationPolicy: policy as NonNullable<DeleteCallOptions["propagationPolicy"]> }),
    ...(body.preconditions === undefined ? {} : { preconditions: body.preconditions }),
    ...(dryRun ? { dryRun } : {}),
  };
}
