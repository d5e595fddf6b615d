import {
  type ClusterRole,
  ClusterRoleBindings,
  ClusterRoles,
  type PolicyRule,
  RoleBindings,
  Roles,
  type Subject,
} from "@jdos/api";
import type { Client } from "@jdos/client";
import { ensure } from "./ensure.ts";
import { allow } from "./rules.ts";
import { SYSTEM_BINDINGS, SYSTEM_ROLES } from "./system-roles.ts";
import { ADMIN_RULES, EDIT_RULES, VIEW_RULES } from "./user-roles.ts";

const GROUP = "rbac.authorization.k8s.io";
const LABELS = { "kubernetes.io/bootstrapping": "rbac-defaults" };
const UPDATED = { "rbac.authorization.kubernetes.io/autoupdate": "true" };

/** The roles and bindings every cluster has; what was changed in them is set right at each start. */
export async function ensureRoles(client: Client): Promise<void> {
  await Promise.all([
    ...Object.entries(SYSTEM_ROLES).map(([name, rules]) => ensure(client, ClusterRoles, role(name, rules))),
    ...userRoles().map((each) => ensure(client, ClusterRoles, each)),
    ...SYSTEM_BINDINGS.map((each) => ensure(client, ClusterRoleBindings, clusterBinding(each))),
    ensureAuthenticationReader(client),
  ]);
}

function role(name: string, rules: readonly PolicyRule[], labels: Record<string, string> = {}): ClusterRole {
  return { metadata: { name, labels: { ...LABELS, ...labels }, annotations: UPDATED }, rules: [...rules] };
}

/** admin holds edit, edit holds view, by labels, so that other groups can add to them. */
function userRoles(): ClusterRole[] {
  const aggregated = (name: string, own: string): ClusterRole => ({
    ...role(
      name,
      [],
      name === "admin" ? {} : { [`${GROUP}/aggregate-to-${name === "edit" ? "admin" : "edit"}`]: "true" },
    ),
    aggregationRule: {
      clusterRoleSelectors: [{ matchLabels: { [`${GROUP}/aggregate-to-${own}`]: "true" } }],
    },
  });
  const part = (name: string, rules: readonly PolicyRule[]) =>
    role(`system:aggregate-to-${name}`, rules, { [`${GROUP}/aggregate-to-${name}`]: "true" });
  return [
    aggregated("admin", "admin"),
    aggregated("edit", "edit"),
    aggregated("view", "view"),
    part("admin", ADMIN_RULES),
    part("edit", EDIT_RULES),
    part("view", VIEW_RULES),
  ];
}

function clusterBinding({
  name,
  role: roleName,
  groups = [],
  users = [],
  accounts = [],
}: (typeof SYSTEM_BINDINGS)[number]) {
  const subjects: Subject[] = [
    ...groups.map((group) => ({ kind: "Group", apiGroup: GROUP, name: group })),
    ...users.map((user) => ({ kind: "User", apiGroup: GROUP, name: user })),
    ...accounts.map((account) => ({
      kind: "ServiceAccount",
      namespace: account.split(":")[0]!,
      name: account.split(":")[1]!,
    })),
  ];
  return {
    metadata: { name, labels: LABELS, annotations: UPDATED },
    roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: roleName },
    subjects,
  };
}

/** Servers that stand behind this one read how it authenticates. */
async function ensureAuthenticationReader(client: Client): Promise<void> {
  const metadata = {
    name: "extension-apiserver-authentication-reader",
    namespace: "kube-system",
    labels: LABELS,
    annotations: UPDATED,
  };
  await ensure(client, Roles, {
    metadata,
    rules: [allow(["get", "list", "watch"], "", ["configmaps"], ["extension-apiserver-authentication"])],
  });
  await ensure(client, RoleBindings, {
    metadata: { ...metadata, name: "system::extension-apiserver-authentication-reader" },
    roleRef: { apiGroup: GROUP, kind: "Role", name: metadata.name },
    subjects: [
      { kind: "User", apiGroup: GROUP, name: "system:kube-controller-manager" },
      { kind: "User", apiGroup: GROUP, name: "system:kube-scheduler" },
    ],
  });
}
