import type { Admission } from "../admission/admission.ts";
import type { TokenSigner } from "../authentication/service-account-token.ts";
import type { ServerAuthorizer } from "../authorization/server-authorizer.ts";
import type { Store, StoreKey } from "../storage/store.ts";
import type { Catalog, Endpoint } from "./catalog.ts";
import type { SchemaSource } from "./schema.ts";

/** Who calls. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What the verbs work on. */
export interface Core {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly admission: Admission;
  readonly authorizer: ServerAuthorizer;
  readonly schemas: SchemaSource;
  readonly signer: TokenSigner;
  now(): Date;
}

/** One call of a verb: who, and on what. */
export interface Call {
  readonly user: User;
  readonly endpoint: Endpoint;
  /** "" for a cluster-wide Kind, or for all namespaces. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource?: string;
  /** Takes warnings that travel beside the answer. */
  warn?(message: string): void;
}

/** Options of every write. */
export interface WriteCallOptions {
  dryRun?: boolean;
  fieldManager?: string;
  /** The program that writes: its name where it gives no fieldManager. */
  agent?: string;
  fieldValidation?: "Ignore" | "Warn" | "Strict";
}

export function keyOfCall(call: Call): StoreKey {
  return { resource: call.endpoint.storageKey, namespace: call.namespace, name: call.name };
}
