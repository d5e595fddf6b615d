import { conflict, notFound, StatusError } from "@jdos/apimachinery";
import { authorizeCall } from "../authorization/authorize.ts";
import type { StoredObject } from "../storage/event.ts";
import type { Change } from "../storage/store.ts";
import type { Call, Core } from "./call.ts";
import { finalizersFor, holdsNamespace, markDeleted, type PropagationPolicy } from "./delete-rules.ts";
import { present } from "./get.ts";
import { admissionRequest, commit } from "./write.ts";

export interface DeleteCallOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: PropagationPolicy;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: boolean;
}

export interface Deletion {
  readonly object: StoredObject;
  /** False while finalizers or a grace period hold the object. */
  readonly gone: boolean;
}

/** Deletes an object, or marks it as being deleted while something holds it. */
export async function remove(core: Core, call: Call, options: DeleteCallOptions = {}): Promise<Deletion> {
  authorizeCall(core, call, "delete");
  return removeUnasked(core, call, options);
}

/** remove() without the question who asks. */
export async function removeUnasked(core: Core, call: Call, options: DeleteCallOptions): Promise<Deletion> {
  checkOptions(options);
  let gone = false;
  const dryRun = options.dryRun === true;
  const object = await commit(core, call, dryRun, (current, reservations) => {
    if (current === undefined) throw notFound(call.endpoint.type, call.name);
    checkPreconditions(call, current, options);
    core.admission.validate(
      admissionRequest("DELETE", call, current as never, { old: current, dryRun, reservations }),
    );
    const change = decide(core, call, current, options);
    gone = change.kind === "delete";
    return change;
  });
  return { object: present(call.endpoint, object), gone };
}

function decide(core: Core, call: Call, current: StoredObject, options: DeleteCallOptions): Change {
  const { strategy, type } = call.endpoint;
  const graceSeconds = strategy.gracePeriodSeconds?.(current as never, options.gracePeriodSeconds) ?? 0;
  const finalizers = finalizersFor(current.metadata.finalizers, options.propagationPolicy);
  const held = finalizers.length > 0 || graceSeconds > 0 || holdsNamespace(type, current as never);
  if (!held) return { kind: "delete" };
  const object = markDeleted(type, current, { graceSeconds, finalizers, now: core.now() });
  return object === undefined ? { kind: "keep" } : { kind: "put", object };
}

function checkPreconditions(
  { endpoint: { type }, name }: Call,
  { metadata }: StoredObject,
  { preconditions }: DeleteCallOptions,
): void {
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      type,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      type,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

function checkOptions({ gracePeriodSeconds, propagationPolicy }: DeleteCallOptions): void {
  const invalid = (field: string, value: unknown, why: string) =>
    new StatusError("Invalid", `DeleteOptions.meta.k8s.io "" is invalid: ${field}: ${why}`, {
      details: {
        group: "meta.k8s.io",
        kind: "DeleteOptions",
        causes: [
          { reason: "FieldValueInvalid", field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` },
        ],
      },
    });
  if (gracePeriodSeconds !== undefined && !Number.isSafeInteger(gracePeriodSeconds))
    throw invalid("gracePeriodSeconds", gracePeriodSeconds, "must be an integer");
  if (
    propagationPolicy !== undefined &&
    !["Orphan", "Background", "Foreground"].includes(propagationPolicy)
  ) {
    throw invalid("propagationPolicy", propagationPolicy, "must be one of Foreground, Background, Orphan");
  }
}
