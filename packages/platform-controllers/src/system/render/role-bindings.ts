import type { RoleBinding, System, SystemMember } from "@jdos/api";
import type { DeepReadonly, Persisted } from "@jdos/apimachinery";
import { systemLabels } from "./labels.ts";

/** The roles of members; each has a ClusterRole jdos-system-<role> in manifests/platform-roles.yaml. */
export const MEMBER_ROLES = [
  "owner",
  "developer",
  "viewer",
] as const satisfies readonly SystemMember["role"][];

const API_GROUP = "rbac.authorization.k8s.io";

/** The RoleBinding of a role; undefined when nobody has it. */
export function renderRoleBinding(
  system: DeepReadonly<Persisted<System>>,
  role: SystemMember["role"],
): RoleBinding | undefined {
  const members = (system.spec?.members ?? []).filter((member) => member.role === role);
  if (members.length === 0) return undefined;
  return binding(
    system,
    roleBindingName(role),
    members.map(({ name, kind = "User" }) => ({ kind, name, apiGroup: API_GROUP })),
  );
}

export function roleBindingName(role: SystemMember["role"]): string {
  return `jdos-system-${role}`;
}

/** What lets these controllers write in the System's Namespace, and in no other. */
export function renderOwnBinding(system: DeepReadonly<Persisted<System>>): RoleBinding {
  return binding(system, "jdos-platform-controllers-system", [
    { kind: "ServiceAccount", name: "platform-controllers", namespace: "jdos-system" },
  ]);
}

/** The platform's administrators own every System; the group is theirs on a cluster. */
export function renderAdministratorsBinding(system: DeepReadonly<Persisted<System>>): RoleBinding {
  const own = binding(system, roleBindingName("owner"), [
    { kind: "Group", name: "jdos:admins", apiGroup: API_GROUP },
  ]);
  return { ...own, metadata: { ...own.metadata, name: "jdos-administrators" } };
}

function binding(
  system: DeepReadonly<Persisted<System>>,
  name: string,
  subjects: RoleBinding["subjects"],
): RoleBinding {
  return {
    apiVersion: `${API_GROUP}/v1`,
    kind: "RoleBinding",
    metadata: { name, namespace: system.metadata.name, labels: systemLabels(system.metadata.name) },
    roleRef: { apiGroup: API_GROUP, kind: "ClusterRole", name },
    subjects,
  };
}
