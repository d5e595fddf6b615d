import { Admission } from "./admission/admission.ts";
import { admissionSteps } from "./admission/steps.ts";
import type { TokenSigner } from "./authentication/service-account-token.ts";
import { ServerAuthorizer } from "./authorization/server-authorizer.ts";
import { declarations, Schemas } from "./openapi/index.ts";
import type { Core } from "./registry/call.ts";
import { Catalog } from "./registry/catalog.ts";
import { strategies } from "./registry/strategies.ts";
import { Store } from "./storage/store.ts";

export interface CoreOptions {
  /** The store's file, or ":memory:". */
  path: string;
  serviceCidr: string;
  /** Signs the tokens of service accounts. */
  signer: TokenSigner;
  now: () => Date;
  /** Steps of admission that are left out. */
  disabledAdmission?: readonly string[];
}

/** Puts together what the verbs work on. */
export function createCore({ path, serviceCidr, signer, now, disabledAdmission = [] }: CoreOptions): Core {
  const store = new Store({ path, now: () => now().getTime() });
  const authorizer = new ServerAuthorizer(store);
  const catalog = new Catalog(strategies);
  const steps = admissionSteps({ store, catalog, authorizer, serviceCidr });
  return {
    store,
    catalog,
    admission: new Admission(steps.filter(({ name }) => !disabledAdmission.includes(name))),
    authorizer,
    schemas: new Schemas(declarations, catalog),
    signer,
    now,
  };
}
