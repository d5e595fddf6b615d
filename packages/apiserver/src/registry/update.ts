import { conflict, type KubeObject, notFound, StatusError } from "@jdos/apimachinery";
import type { ManagedFields } from "../apply/managers.ts";
import { authorizeCall } from "../authorization/authorize.ts";
import type { StoredObject } from "../storage/event.ts";
import type { Change } from "../storage/store.ts";
import type { Call, Core, WriteCallOptions } from "./call.ts";
import { mayVanish } from "./delete-rules.ts";
import { validateFields } from "./field-validation.ts";
import { present } from "./get.ts";
import { recordManager } from "./managed-fields.ts";
import { adopt, type Incoming, keepSystemMetadata, validateMetadata } from "./metadata.ts";
import { admissionRequest, commit, type Reservations, throwInvalid } from "./write.ts";

/** Replaces an object, or the part of it that a subresource stands for. The object given becomes the registry's. */
export async function update(
  core: Core,
  call: Call,
  given: KubeObject,
  options: WriteCallOptions = {},
): Promise<StoredObject> {
  authorizeCall(core, call, "update");
  validateFields(core, call, given, options);
  const object = adopt(call, given);
  const { name } = object.metadata;
  if (name !== undefined && name !== "" && name !== call.name) {
    throw new StatusError(
      "BadRequest",
      `the name of the object (${name}) does not match the name on the URL (${call.name})`,
    );
  }
  object.metadata.name = call.name;
  const dryRun = options.dryRun === true;
  const stored = await commit(core, call, dryRun, (current, reservations) => {
    if (current === undefined) throw notFound(call.endpoint.type, call.name);
    return replace(core, call, { object, current, options, reservations });
  });
  return present(call.endpoint, stored);
}

export interface Replacement {
  object: Incoming;
  current: StoredObject;
  options: WriteCallOptions & { managedFields?: ManagedFields };
  reservations: Reservations;
}

/** What every change of an existing object goes through, update and patch alike. */
export function replace(
  core: Core,
  call: Call,
  { object, current, options, reservations }: Replacement,
): Change {
  const { strategy, type } = call.endpoint;
  checkLock(call, object, current);
  const old = current as unknown as KubeObject;
  if (!sharesSpec(call)) strategy.defaults?.(object);
  keepSystemMetadata(object.metadata, current.metadata);
  strategy.prepareForUpdate?.(object, old, { user: call.user, now: core.now() }, call.subresource);
  recordManager(core, call, { object, old: current, options });
  const request = admissionRequest("UPDATE", call, object, {
    old: current,
    dryRun: options.dryRun === true,
    reservations,
  });
  core.admission.mutate(request);
  const errors = [
    ...validateMetadata(object.metadata, strategy),
    ...(call.subresource === undefined ? (strategy.validate?.(object) ?? []) : []),
    ...(strategy.validateUpdate?.(object, old, call.subresource) ?? []),
  ];
  throwInvalid(call, call.name, [...errors, ...forbiddenFinalizers(object, current)]);
  core.admission.validate(request);
  return mayVanish(type, object) ? { kind: "delete" } : { kind: "put", object };
}

/** Whether a write leaves the spec as it is stored, frozen and complete. */
export function sharesSpec({ endpoint: { strategy }, subresource }: Call): boolean {
  return subresource === "status" && strategy.statusWithoutDefaults === true;
}

function checkLock(call: Call, { metadata }: Incoming, current: StoredObject): void {
  const { type } = call.endpoint;
  if (metadata.uid !== undefined && metadata.uid !== "" && metadata.uid !== current.metadata.uid) {
    throw conflict(
      type,
      call.name,
      `StorageError: invalid object, Code: 4, Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${current.metadata.uid}`,
    );
  }
  const { resourceVersion } = metadata;
  if (
    resourceVersion !== undefined &&
    resourceVersion !== "" &&
    resourceVersion !== current.metadata.resourceVersion
  ) {
    throw conflict(type, call.name);
  }
}

/** An object that is being deleted takes no new finalizers. */
function forbiddenFinalizers({ metadata }: Incoming, current: StoredObject) {
  if (current.metadata.deletionTimestamp === undefined) return [];
  const added = (metadata.finalizers ?? []).filter(
    (finalizer) => !current.metadata.finalizers?.includes(finalizer),
  );
  if (added.length === 0) return [];
  return [
    {
      type: "FieldValueForbidden" as const,
      field: "metadata.finalizers",
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
    },
  ];
}
