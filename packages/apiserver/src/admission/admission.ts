import type { KubeObject } from "@jdos/apimachinery";
import type { Call } from "../registry/call.ts";
import type { StoredObject } from "../storage/event.ts";

/** A write on its way to the store. */
export interface AdmissionRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly call: Call;
  /** Writable on CREATE and UPDATE; absent on DELETE. */
  readonly object: KubeObject;
  /** The present state; absent on CREATE. */
  readonly old: StoredObject | undefined;
  readonly dryRun: boolean;
  /** Registers what takes back a reservation, should the write fail. */
  onFailure(undo: () => void): void;
}

/**
 * One step that needs the world: it may change the object or refuse the write with a StatusError. It runs inside
 * the write and must not wait. The order of steps stands in admission/steps.ts.
 */
export interface AdmissionStep {
  readonly name: string;
  /** Changes the object. */
  mutate?(request: AdmissionRequest): void;
  /** Judges the object when all have changed it. */
  validate?(request: AdmissionRequest): void;
}

/** The chain. */
export class Admission {
  readonly #steps: readonly AdmissionStep[];

  constructor(steps: readonly AdmissionStep[]) {
    this.#steps = steps;
  }

  mutate(request: AdmissionRequest): void {
    for (const step of this.#steps) step.mutate?.(request);
  }

  validate(request: AdmissionRequest): void {
    for (const step of this.#steps) step.validate?.(request);
  }
}
