import { deepCopy, type KubeObject, notFound, StatusError } from "@jdos/apimachinery";
import type { Patch } from "@jdos/client";
import { authorizeCall } from "../authorization/authorize.ts";
import { isRecord } from "../patch/merge-patch.ts";
import type { StoredObject } from "../storage/event.ts";
import { applyObject } from "./apply.ts";
import { applyPatch } from "./apply-patch.ts";
import type { Call, Core, WriteCallOptions } from "./call.ts";
import { validateFields } from "./field-validation.ts";
import { present } from "./get.ts";
import { adopt } from "./metadata.ts";
import { replace, sharesSpec } from "./update.ts";
import { commit } from "./write.ts";

export interface PatchCallOptions extends WriteCallOptions {
  force?: boolean;
}

export interface Patched {
  readonly object: unknown;
  /** Apply makes what is not there. */
  readonly created: boolean;
}

/** Changes an object by a patch, against its newest state: it conflicts only when the patch names a revision. */
export async function patch(
  core: Core,
  call: Call,
  given: Patch,
  options: PatchCallOptions = {},
): Promise<Patched> {
  if (given.type === "apply") return applyObject(core, call, given.body, options);
  authorizeCall(core, call, "patch");
  if (given.type === "strategic" && !isNative(call)) {
    throw new StatusError(
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    );
  }
  const stored = await commit(core, call, options.dryRun === true, (current, reservations) => {
    if (current === undefined) throw notFound(call.endpoint.type, call.name);
    const patched = applyPatch(writableCopy(call, current, given), given);
    if (!isRecord(patched)) throw new StatusError("Invalid", "the patched object must be an object");
    validateFields(core, call, patched, options);
    const object = adopt(call, patched as KubeObject);
    if (object.metadata.name !== call.name) throw renamed(object.metadata.name, call.name);
    return replace(core, call, { object, current, options, reservations });
  });
  return { object: present(call.endpoint, stored), created: false };
}

/** A copy for the patch to change; the stored spec is shared where a patch of the status cannot reach it. */
function writableCopy(call: Call, current: StoredObject, { type, body }: Patch): KubeObject {
  const object = present(call.endpoint, current) as unknown as KubeObject & { spec?: unknown };
  if (!sharesSpec(call) || type === "json" || !isRecord(body) || "spec" in body)
    return deepCopy<KubeObject>(object);
  const { spec, ...rest } = object;
  return { ...deepCopy<KubeObject>(rest), ...(spec === undefined ? {} : { spec }) } as KubeObject;
}

function isNative({ endpoint: { type } }: Call): boolean {
  return type.group === "" || !type.group.includes(".") || type.group.endsWith(".k8s.io");
}

function renamed(next: string | undefined, name: string): StatusError {
  return new StatusError(
    "BadRequest",
    `the name of the object (${next}) does not match the name on the URL (${name})`,
  );
}
