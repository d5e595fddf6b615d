import type { User } from "../registry/call.ts";

/** What is asked: a verb on a resource, or on a path outside the API. */
export interface Attributes {
  readonly user: User;
  readonly verb: string;
  readonly group?: string;
  readonly version?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Set instead of a resource. */
  readonly path?: string;
}

export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** Says who may do what. */
export interface Authorizer {
  decide(attributes: Attributes): Decision;
}
