import type { ClusterRole, PolicyRule, RoleBinding } from "@jdos/api";
import { deepEqual, StatusError } from "@jdos/apimachinery";
import { uncovered } from "../authorization/escalation.ts";
import { MASTERS } from "../authorization/rbac-authorizer.ts";
import type { Rule } from "../authorization/rule.ts";
import type { ServerAuthorizer } from "../authorization/server-authorizer.ts";
import type { Call } from "../registry/call.ts";
import type { AdmissionRequest, AdmissionStep } from "./admission.ts";

const GROUP = "rbac.authorization.k8s.io";

/** Nobody gives, in a role or by a binding, what they do not have themselves. */
export function rbacEscalation(authorizer: ServerAuthorizer): AdmissionStep {
  return {
    name: "RbacEscalation",
    validate(request) {
      const { call, operation } = request;
      if (call.endpoint.type.group !== GROUP || operation === "DELETE") return;
      if (call.user.groups.includes(MASTERS)) return;
      const given = givenBy(authorizer, request);
      if (given === undefined || may(authorizer, call, given)) return;
      const missing = uncovered(call.user, given.rules, authorizer.rulesFor(call.user, call.namespace));
      if (missing.length > 0) throw refused(call, missing);
    },
  };
}

interface Given {
  readonly rules: readonly Rule[];
  /** The verb that allows it all the same, and the role it is asked on. */
  readonly verb: "escalate" | "bind";
  readonly resource: string;
  readonly name: string;
}

function givenBy(authorizer: ServerAuthorizer, { call, object, old }: AdmissionRequest): Given | undefined {
  const { resource } = call.endpoint.type;
  if (resource === "roles" || resource === "clusterroles") {
    const role = object as ClusterRole;
    if (old !== undefined && deepEqual((old as unknown as ClusterRole).rules, role.rules)) return undefined;
    return { rules: role.rules ?? [], verb: "escalate", resource, name: call.name };
  }
  const binding = object as RoleBinding;
  if (old !== undefined && deepEqual((old as unknown as RoleBinding).subjects, binding.subjects))
    return undefined;
  const bound = binding.roleRef.kind === "ClusterRole" ? "clusterroles" : "roles";
  return {
    rules: authorizer.roleRules(binding.roleRef, call.namespace),
    verb: "bind",
    resource: bound,
    name: binding.roleRef.name,
  };
}

function may(
  authorizer: ServerAuthorizer,
  { user, namespace }: Call,
  { verb, resource, name }: Given,
): boolean {
  return authorizer.decide({ user, verb, group: GROUP, resource, namespace, name }).allowed;
}

function refused({ user, name, endpoint: { type } }: Call, missing: readonly Rule[]): StatusError {
  const list = missing.map((rule) => describe(rule as PolicyRule)).join("\n");
  return new StatusError(
    "Forbidden",
    `${type.resource}.${type.group} "${name}" is forbidden: user "${user.name}" (groups=${JSON.stringify(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${list}`,
    {
      details: { name, group: type.group, kind: type.resource },
    },
  );
}

function describe({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }: PolicyRule): string {
  const parts = {
    APIGroups: apiGroups,
    Resources: resources,
    ResourceNames: resourceNames,
    NonResourceURLs: nonResourceURLs,
    Verbs: verbs,
  };
  const written = Object.entries(parts).filter(([, list]) => list !== undefined);
  return `{${written.map(([name, list]) => `${name}:${JSON.stringify(list)}`).join(", ")}}`;
}
