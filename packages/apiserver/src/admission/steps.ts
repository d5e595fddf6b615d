import type { RbacAuthorizer } from "../authorization/rbac-authorizer.ts";
import type { Catalog } from "../registry/catalog.ts";
import type { Store } from "../storage/store.ts";
import type { AdmissionStep } from "./admission.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { rbacEscalation } from "./rbac-escalation.ts";

/** What admission steps know of the world. */
export interface AdmissionWorld {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly authorizer: RbacAuthorizer;
}

/** Every step, in the order they run. */
export function admissionSteps(world: AdmissionWorld): readonly AdmissionStep[] {
  return [namespaceLifecycle(world), rbacEscalation(world.authorizer)];
}
