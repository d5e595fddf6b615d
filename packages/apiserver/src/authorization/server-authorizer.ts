import type { User } from "../registry/call.ts";
import type { Store } from "../storage/store.ts";
import type { Attributes, Authorizer, Decision } from "./authorizer.ts";
import { NodeAuthorizer } from "./node-authorizer.ts";
import { RbacAuthorizer } from "./rbac-authorizer.ts";
import type { Rule } from "./rule.ts";

/** Roles decide; what they do not allow, a node may still do for its own Pods. */
export class ServerAuthorizer implements Authorizer {
  readonly #roles: RbacAuthorizer;
  readonly #nodes: NodeAuthorizer;

  constructor(store: Store) {
    this.#roles = new RbacAuthorizer(store);
    this.#nodes = new NodeAuthorizer(store);
  }

  decide(asked: Attributes): Decision {
    const decision = this.#roles.decide(asked);
    return decision.allowed ? decision : this.#nodes.decide(asked);
  }

  /** Every rule that holds for a user in a namespace; "": those that hold in the whole cluster. */
  rulesFor(user: User, namespace: string): readonly Rule[] {
    return this.#roles.rulesFor(user, namespace);
  }

  /** The rules a binding to a role gives. */
  roleRules(roleRef: { readonly kind: string; readonly name: string }, namespace: string): readonly Rule[] {
    return this.#roles.roleRules(roleRef, namespace);
  }
}
