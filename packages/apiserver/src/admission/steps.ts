import type { Catalog } from "../registry/catalog.ts";
import type { Store } from "../storage/store.ts";
import type { AdmissionStep } from "./admission.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";

/** What admission steps know of the world. */
export interface AdmissionWorld {
  readonly store: Store;
  readonly catalog: Catalog;
}

/** Every step, in the order they run. */
export function admissionSteps(world: AdmissionWorld): readonly AdmissionStep[] {
  return [namespaceLifecycle(world)];
}
