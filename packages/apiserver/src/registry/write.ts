import { deepFreeze, type FieldError, invalid, type KubeObject } from "@jdos/apimachinery";
import type { AdmissionRequest } from "../admission/admission.ts";
import type { StoredObject } from "../storage/event.ts";
import type { Change } from "../storage/store.ts";
import { type Call, type Core, keyOfCall } from "./call.ts";

/** Undo functions of reservations made on the way to the store. */
export class Reservations {
  readonly #undo: (() => void)[] = [];
  readonly onFailure = (undo: () => void): void => {
    this.#undo.push(undo);
  };

  takeBack(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }
}

/**
 * Runs a decision against the store. A dry run decides and stops there. What was reserved is taken back when the
 * decision throws, when the write fails, and after a dry run.
 */
export async function commit(
  core: Core,
  call: Call,
  dryRun: boolean,
  decide: (current: StoredObject | undefined, reservations: Reservations) => Change,
): Promise<StoredObject> {
  const reservations = new Reservations();
  try {
    if (dryRun) return tryOut(core, call, (current) => decide(current, reservations), reservations);
    return await core.store.write(keyOfCall(call), (current) => decide(current, reservations));
  } catch (error) {
    reservations.takeBack();
    throw error;
  }
}

function tryOut(
  core: Core,
  call: Call,
  decide: (current: StoredObject | undefined) => Change,
  reservations: Reservations,
): StoredObject {
  const current = core.store.peek(keyOfCall(call));
  const change = decide(current);
  reservations.takeBack();
  if (change.kind !== "put") return current!;
  const metadata = change.object.metadata!;
  if (current !== undefined) metadata.resourceVersion = current.metadata.resourceVersion;
  else delete metadata.resourceVersion;
  return deepFreeze(change.object) as unknown as StoredObject;
}

/** The request that admission steps see. */
export function admissionRequest(
  operation: AdmissionRequest["operation"],
  call: Call,
  object: KubeObject,
  rest: { old: StoredObject | undefined; dryRun: boolean; reservations: Reservations },
): AdmissionRequest {
  return {
    operation,
    call,
    object,
    old: rest.old,
    dryRun: rest.dryRun,
    onFailure: rest.reservations.onFailure,
  };
}

/** @throws StatusError Invalid when there is an error */
export function throwInvalid(
  { endpoint: { type } }: Call,
  name: string,
  errors: readonly FieldError[],
): void {
  if (errors.length > 0) throw invalid(type, name, [...errors]);
}
