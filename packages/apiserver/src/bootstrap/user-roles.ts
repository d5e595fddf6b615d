import type { PolicyRule } from "@jdos/api";
import { allow, READ, WRITE } from "./rules.ts";

/** What may be read by everyone who may look into a namespace: all but Secrets and roles. */
const VIEWED: readonly [string, string[]][] = [
  [
    "",
    [
      "bindings",
      "configmaps",
      "endpoints",
      "events",
      "limitranges",
      "namespaces",
      "namespaces/status",
      "persistentvolumeclaims",
      "persistentvolumeclaims/status",
      "pods",
      "pods/log",
      "pods/status",
      "podtemplates",
      "replicationcontrollers",
      "replicationcontrollers/scale",
      "replicationcontrollers/status",
      "resourcequotas",
      "resourcequotas/status",
      "serviceaccounts",
      "services",
      "services/status",
    ],
  ],
  [
    "apps",
    [
      "controllerrevisions",
      "daemonsets",
      "daemonsets/status",
      "deployments",
      "deployments/scale",
      "deployments/status",
      "replicasets",
      "replicasets/scale",
      "replicasets/status",
      "statefulsets",
      "statefulsets/scale",
      "statefulsets/status",
    ],
  ],
  ["autoscaling", ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]],
  ["batch", ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]],
  ["discovery.k8s.io", ["endpointslices"]],
  ["networking.k8s.io", ["ingresses", "ingresses/status", "networkpolicies"]],
  ["policy", ["poddisruptionbudgets", "poddisruptionbudgets/status"]],
];

const EDITED: readonly [string, string[]][] = [
  [
    "",
    [
      "configmaps",
      "events",
      "persistentvolumeclaims",
      "pods",
      "replicationcontrollers",
      "replicationcontrollers/scale",
      "secrets",
      "serviceaccounts",
      "services",
    ],
  ],
  [
    "apps",
    [
      "daemonsets",
      "deployments",
      "deployments/rollback",
      "deployments/scale",
      "replicasets",
      "replicasets/scale",
      "statefulsets",
      "statefulsets/scale",
    ],
  ],
  ["autoscaling", ["horizontalpodautoscalers"]],
  ["batch", ["cronjobs", "jobs"]],
  ["networking.k8s.io", ["ingresses", "networkpolicies"]],
  ["policy", ["poddisruptionbudgets"]],
];

export const VIEW_RULES: readonly PolicyRule[] = VIEWED.map(([group, resources]) =>
  allow(READ, group, resources),
);

export const EDIT_RULES: readonly PolicyRule[] = [
  allow(["get", "list", "watch"], "", [
    "pods/attach",
    "pods/exec",
    "pods/portforward",
    "pods/proxy",
    "secrets",
    "services/proxy",
  ]),
  allow(["impersonate"], "", ["serviceaccounts"]),
  allow(["create"], "", [
    "pods/attach",
    "pods/eviction",
    "pods/exec",
    "pods/portforward",
    "pods/proxy",
    "serviceaccounts/token",
    "services/proxy",
  ]),
  ...EDITED.map(([group, resources]) => allow(WRITE, group, resources)),
  allow(
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    "coordination.k8s.io",
    ["leases"],
  ),
];

export const ADMIN_RULES: readonly PolicyRule[] = [
  allow([...READ, ...WRITE], "rbac.authorization.k8s.io", ["rolebindings", "roles"]),
  allow(["create"], "authorization.k8s.io", ["localsubjectaccessreviews"]),
];
