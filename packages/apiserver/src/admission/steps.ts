import type { ServerAuthorizer } from "../authorization/server-authorizer.ts";
import type { Catalog } from "../registry/catalog.ts";
import type { Store } from "../storage/store.ts";
import type { AdmissionStep } from "./admission.ts";
import { defaultTolerations } from "./default-tolerations.ts";
import { limitRanger } from "./limit-ranger.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction } from "./node-restriction.ts";
import { priority } from "./priority.ts";
import { rbacEscalation } from "./rbac-escalation.ts";
import { resourceQuota } from "./resource-quota.ts";
import { serviceAccount } from "./service-account.ts";
import { serviceAddresses } from "./service-addresses.ts";

/** What admission steps know of the world. */
export interface AdmissionWorld {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly authorizer: ServerAuthorizer;
  readonly serviceCidr: string;
}

/** Every step, in the order they run. */
export function admissionSteps(world: AdmissionWorld): readonly AdmissionStep[] {
  return [
    namespaceLifecycle(world),
    nodeRestriction,
    rbacEscalation(world.authorizer),
    serviceAccount(world),
    priority(world),
    defaultTolerations,
    limitRanger(world),
    serviceAddresses(world),
    resourceQuota(world),
  ];
}
