import { Admission } from "./admission/admission.ts";
import { admissionSteps } from "./admission/steps.ts";
import type { TokenSigner } from "./authentication/service-account-token.ts";
import { RbacAuthorizer } from "./authorization/rbac-authorizer.ts";
import type { Core } from "./registry/call.ts";
import { Catalog } from "./registry/catalog.ts";
import { completeWithFallbacks } from "./registry/fallback-strategy.ts";
import { noSchemas } from "./registry/schema.ts";
import { strategies } from "./registry/strategies.ts";
import { Store } from "./storage/store.ts";

export interface CoreOptions {
  /** The store's file, or ":memory:". */
  path: string;
  serviceCidr: string;
  /** Signs the tokens of service accounts. */
  signer: TokenSigner;
  now: () => Date;
}

/** Puts together what the verbs work on. */
export function createCore({ path, signer, now }: CoreOptions): Core {
  const store = new Store({ path, now: () => now().getTime() });
  const authorizer = new RbacAuthorizer(store);
  const catalog = new Catalog(completeWithFallbacks(strategies));
  return {
    store,
    catalog,
    admission: new Admission(admissionSteps({ store, catalog, authorizer })),
    authorizer,
    schemas: noSchemas,
    signer,
    now,
  };
}
