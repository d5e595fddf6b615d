import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding, Subject } from "@jdos/api";
import { type DeepReadonly, matchesSelector } from "@jdos/apimachinery";
import type { User } from "../registry/call.ts";
import type { Store } from "../storage/store.ts";
import type { Attributes, Authorizer, Decision } from "./authorizer.ts";
import { type Rule, ruleAllows } from "./rule.ts";

const GROUP = "rbac.authorization.k8s.io";
const KEYS = {
  clusterRoles: `clusterroles.${GROUP}`,
  clusterRoleBindings: `clusterrolebindings.${GROUP}`,
  roles: `roles.${GROUP}`,
  roleBindings: `rolebindings.${GROUP}`,
} as const;
const MAX_DECISIONS = 20_000;
const ALLOWED: Decision = { allowed: true, reason: "" };

/** The group whose members may do everything, whatever the roles say. */
export const MASTERS = "system:masters";

/**
 * Role-based access control, from the committed roles and bindings of the store. Rules of a user are gathered
 * once and forgotten with the next change of a role or binding.
 */
export class RbacAuthorizer implements Authorizer {
  readonly #store: Store;
  readonly #rules = new Map<string, readonly Rule[]>();
  /** By user, then by what is asked. */
  readonly #decisions = new Map<string, Map<string, Decision>>();
  #remembered = 0;
  /** The same maps for callers that are known by their object: connections, and parts in this process. */
  #byCaller = new WeakMap<User, Map<string, Decision>>();

  constructor(store: Store) {
    this.#store = store;
    const forget = () => {
      this.#rules.clear();
      this.#forgetDecisions();
    };
    for (const key of Object.values(KEYS)) {
      store.watch(
        key,
        { matches: () => true },
        { after: store.revision, sink: { event: forget, end: () => {} } },
      );
    }
  }

  decide(asked: Attributes): Decision {
    if (asked.user.groups.includes(MASTERS)) return ALLOWED;
    const everyName = this.#decideOn(asked, "");
    return everyName.allowed || !asked.name ? everyName : this.#decideOn(asked, asked.name);
  }

  /** Few rules name objects: what holds for every name ("") is asked first, and remembered once for all of them. */
  #decideOn(asked: Attributes, name: string): Decision {
    const decisions = this.#decisionsOf(asked.user);
    const key = decisionKey(asked, name);
    const known = decisions.get(key);
    if (known !== undefined) return known;
    const decision = this.#judge({ ...asked, name });
    if (this.#remembered++ >= MAX_DECISIONS) this.#forgetDecisions();
    decisions.set(key, decision);
    return decision;
  }

  #decisionsOf(user: User): Map<string, Decision> {
    let decisions = this.#byCaller.get(user);
    if (decisions !== undefined) return decisions;
    const key = userKey(user);
    decisions = this.#decisions.get(key) ?? new Map();
    this.#decisions.set(key, decisions);
    this.#byCaller.set(user, decisions);
    return decisions;
  }

  #forgetDecisions(): void {
    this.#decisions.clear();
    this.#byCaller = new WeakMap();
    this.#remembered = 0;
  }

  #judge(asked: Attributes): Decision {
    const namespace = asked.resource === undefined ? "" : (asked.namespace ?? "");
    const allowed = this.rulesFor(asked.user, namespace).some((rule) => ruleAllows(rule, asked));
    return allowed ? ALLOWED : { allowed: false, reason: "" };
  }

  /** Every rule that holds for a user in a namespace; "": those that hold in the whole cluster. */
  rulesFor(user: User, namespace: string): readonly Rule[] {
    const key = `${userKey(user)}\n${namespace}`;
    const known = this.#rules.get(key);
    if (known !== undefined) return known;
    const rules = [
      ...this.#clusterRules(user),
      ...(namespace === "" ? [] : this.#namespaceRules(user, namespace)),
    ];
    this.#rules.set(key, rules);
    return rules;
  }

  *#clusterRules(user: User): Iterable<Rule> {
    for (const object of this.#store.table(KEYS.clusterRoleBindings).values()) {
      const { subjects, roleRef } = object as unknown as DeepReadonly<ClusterRoleBinding>;
      if (isSubject(subjects, user, "")) yield* this.#clusterRole(roleRef.name);
    }
  }

  *#namespaceRules(user: User, namespace: string): Iterable<Rule> {
    for (const object of this.#store.table(KEYS.roleBindings).values(namespace)) {
      const { subjects, roleRef } = object as unknown as DeepReadonly<RoleBinding>;
      if (isSubject(subjects, user, namespace)) yield* this.roleRules(roleRef, namespace);
    }
  }

  /** The rules a binding gives. */
  roleRules(roleRef: { readonly kind: string; readonly name: string }, namespace: string): readonly Rule[] {
    if (roleRef.kind === "ClusterRole") return this.#clusterRole(roleRef.name);
    const role = this.#store.get({ resource: KEYS.roles, namespace, name: roleRef.name });
    return (role as unknown as DeepReadonly<Role> | undefined)?.rules ?? [];
  }

  #clusterRole(name: string): readonly Rule[] {
    const role = this.#store.get({ resource: KEYS.clusterRoles, namespace: "", name }) as unknown as
      | DeepReadonly<ClusterRole>
      | undefined;
    if (role === undefined) return [];
    return role.aggregationRule === undefined
      ? (role.rules ?? [])
      : [...(role.rules ?? []), ...this.#aggregated(role)];
  }

  /** An aggregated role holds the rules of the roles its selectors name, whether or not they are written down in it. */
  #aggregated(role: DeepReadonly<ClusterRole>): readonly Rule[] {
    const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
    const parts: Rule[] = [];
    for (const object of this.#store.table(KEYS.clusterRoles).values()) {
      if (object.metadata.name === role.metadata?.name) continue;
      if (!selectors.some((selector) => matchesSelector(selector, object.metadata.labels))) continue;
      parts.push(...this.#clusterRole(object.metadata.name));
    }
    return parts;
  }
}

function isSubject(
  subjects: readonly DeepReadonly<Subject>[] | undefined,
  user: User,
  namespace: string,
): boolean {
  return (subjects ?? []).some((subject) => {
    if (subject.kind === "User") return subject.name === user.name;
    if (subject.kind === "Group") return user.groups.includes(subject.name);
    return user.name === `system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`;
  });
}

function userKey({ name, groups }: User): string {
  return `${name}\t${groups.join("\t")}`;
}

function decisionKey(asked: Attributes, name: string): string {
  const { verb, group = "", resource = "", subresource = "", namespace = "", path = "" } = asked;
  return `${verb}\n${group}\n${resource}\n${subresource}\n${namespace}\n${name}\n${path}`;
}
