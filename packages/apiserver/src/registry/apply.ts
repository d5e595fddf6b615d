import { deepCopy, type KubeObject, StatusError } from "@jdos/apimachinery";
import { type Applied, apply } from "../apply/apply.ts";
import { authorizeCall } from "../authorization/authorize.ts";
import { isRecord } from "../patch/merge-patch.ts";
import { type Call, type Core, keyOfCall } from "./call.ts";
import { create } from "./create.ts";
import { validateFields } from "./field-validation.ts";
import { present } from "./get.ts";
import { mergeSchemaOf } from "./merge-schemas.ts";
import { adopt } from "./metadata.ts";
import type { PatchCallOptions, Patched } from "./patch.ts";
import { replace } from "./update.ts";
import { commit } from "./write.ts";

/** Server-side apply: makes the object, or brings the fields its manager speaks of to what it says. */
export async function applyObject(
  core: Core,
  call: Call,
  body: object,
  options: PatchCallOptions,
): Promise<Patched> {
  authorizeCall(core, call, "patch");
  const applied = ownPart(call, checked(call, body, options));
  validateFields(core, call, applied, options);
  const { dryRun = false } = options;
  if (core.store.peek(keyOfCall(call)) === undefined) return createApplied(core, call, applied, options);
  const stored = await commit(core, call, dryRun, (current, reservations) => {
    if (current === undefined)
      throw new StatusError(
        "Conflict",
        `Operation cannot be fulfilled on ${call.endpoint.type.resource} "${call.name}": the object has just been deleted`,
      );
    const live = deepCopy(present(call.endpoint, current)) as unknown as KubeObject;
    const { object, managedFields } = run(core, call, { live, applied: deepCopy(applied), options });
    const adopted = adopt(call, object);
    if (applied.metadata?.resourceVersion === undefined) delete adopted.metadata.resourceVersion;
    return replace(core, call, {
      object: adopted,
      current,
      options: { ...options, managedFields },
      reservations,
    });
  });
  return { object: present(call.endpoint, stored), created: false };
}

async function createApplied(
  core: Core,
  call: Call,
  applied: KubeObject,
  options: PatchCallOptions,
): Promise<Patched> {
  const { subresource, ...whole } = call;
  if (subresource !== undefined)
    throw new StatusError("NotFound", `${call.endpoint.type.resource} "${call.name}" not found`);
  if (applied.metadata?.uid)
    throw new StatusError(
      "Conflict",
      `Operation cannot be fulfilled on ${call.endpoint.type.resource} "${call.name}": uid mismatch: the provided object specified uid ${applied.metadata.uid}, and no existing object was found`,
    );
  const { object, managedFields } = run(core, call, { live: undefined, applied, options });
  return {
    object: await create(core, { ...whole, name: "" }, object, { ...options, managedFields }),
    created: true,
  };
}

function run(
  core: Core,
  call: Call,
  {
    live,
    applied,
    options,
  }: { live: KubeObject | undefined; applied: KubeObject; options: PatchCallOptions },
): Applied {
  const { strategy, type } = call.endpoint;
  return apply({
    type,
    schema: mergeSchemaOf(strategy),
    live,
    applied,
    manager: options.fieldManager!,
    subresource: call.subresource ?? "",
    force: options.force === true,
    now: core.now(),
  });
}

/** Spec and status are applied apart: the other part of what is given is not looked at. */
function ownPart({ endpoint: { strategy }, subresource }: Call, applied: KubeObject): KubeObject {
  const apart = strategy.subresources.some(({ name }) => name === "status");
  if (!apart) return applied;
  const { status, ...rest } = applied as KubeObject & { status?: unknown };
  if (subresource !== "status") return rest;
  const { apiVersion, kind, metadata } = applied;
  return { apiVersion, kind, metadata, status } as KubeObject;
}

function checked(
  { name, endpoint: { type } }: Call,
  body: object,
  { fieldManager }: PatchCallOptions,
): KubeObject {
  if (!fieldManager) {
    throw new StatusError(
      "Invalid",
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      {
        details: {
          group: "meta.k8s.io",
          kind: "PatchOptions",
          causes: [
            {
              reason: "FieldValueRequired",
              field: "fieldManager",
              message: "Required value: is required for apply patch",
            },
          ],
        },
      },
    );
  }
  if (!isRecord(body))
    throw new StatusError("BadRequest", "error decoding YAML: an apply patch must be an object");
  const applied = body as KubeObject;
  if (applied.kind === undefined || applied.apiVersion === undefined)
    throw new StatusError(
      "BadRequest",
      `Object 'Kind' or 'apiVersion' is missing in the apply patch of ${type.resource} "${name}"`,
    );
  if (applied.metadata?.managedFields !== undefined)
    throw new StatusError("BadRequest", "metadata.managedFields must be nil");
  applied.metadata = { ...applied.metadata };
  if (applied.metadata.name !== undefined && applied.metadata.name !== name)
    throw new StatusError(
      "BadRequest",
      `the name of the object (${applied.metadata.name}) does not match the name on the URL (${name})`,
    );
  applied.metadata.name = name;
  return applied;
}
