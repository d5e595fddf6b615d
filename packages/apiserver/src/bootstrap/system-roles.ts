import type { PolicyRule } from "@jdos/api";
import { allow, allowPaths, READ } from "./rules.ts";

const EVENTS = allow(["create", "patch", "update"], ["", "events.k8s.io"], ["events"]);
const REVIEWS = [
  allow(["create"], "authentication.k8s.io", ["tokenreviews"]),
  allow(["create"], "authorization.k8s.io", ["subjectaccessreviews"]),
];

/** Each part of the system and the least it needs. */
export const SYSTEM_ROLES: Readonly<Record<string, readonly PolicyRule[]>> = {
  "system:basic-user": [
    allow(["create"], "authorization.k8s.io", ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
    allow(["create"], "authentication.k8s.io", ["selfsubjectreviews"]),
  ],
  "system:discovery": [
    allowPaths(
      ["get"],
      [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
      ],
    ),
  ],
  "system:public-info-viewer": [
    allowPaths(["get"], ["/healthz", "/livez", "/readyz", "/version", "/version/"]),
  ],
  "system:monitoring": [
    allowPaths(["get"], ["/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/readyz", "/readyz/*"]),
  ],
  "system:auth-delegator": REVIEWS,
  "system:kube-scheduler": [
    EVENTS,
    allow([...READ, "create", "update", "patch"], "coordination.k8s.io", ["leases"]),
    allow(READ, "", [
      "namespaces",
      "nodes",
      "persistentvolumeclaims",
      "persistentvolumes",
      "pods",
      "replicationcontrollers",
      "services",
    ]),
    allow(["delete"], "", ["pods"]),
    allow(["create"], "", ["bindings", "pods/binding"]),
    allow(["patch", "update"], "", ["pods/status"]),
    allow(READ, "apps", ["replicasets", "statefulsets"]),
    allow(READ, "policy", ["poddisruptionbudgets"]),
    allow(READ, "storage.k8s.io", ["csidrivers", "csinodes", "storageclasses"]),
    allow(READ, "scheduling.k8s.io", ["priorityclasses"]),
    ...REVIEWS,
  ],
  "system:kube-controller-manager": [
    // The namespace controller and the garbage collector read and delete whatever there is; the garbage collector
    // also takes its finalizers off.
    allow([...READ, "delete", "deletecollection", "patch", "update"], "*", ["*"]),
    allowPaths(["get"], ["/api", "/api/*", "/apis", "/apis/*"]),
    EVENTS,
    allow(["create"], "", [
      "configmaps",
      "endpoints",
      "namespaces",
      "persistentvolumeclaims",
      "pods",
      "pods/eviction",
      "secrets",
      "serviceaccounts",
      "serviceaccounts/token",
    ]),
    allow(["create"], "apps", ["controllerrevisions", "replicasets"]),
    allow(["create"], "batch", ["jobs"]),
    allow(["create"], "coordination.k8s.io", ["leases"]),
    allow(["create"], "discovery.k8s.io", ["endpointslices"]),
    ...REVIEWS,
  ],
  "system:node": [
    ...REVIEWS,
    EVENTS,
    // Secrets, ConfigMaps and claims are the node authorizer's to allow, one by one.
    allow(READ, "", ["namespaces", "persistentvolumes", "services"]),
    allow(["create", "get", "list", "watch"], "", ["nodes"]),
    allow(["patch", "update"], "", ["nodes", "nodes/status"]),
    allow([...READ, "create", "delete"], "", ["pods"]),
    allow(["patch", "update"], "", ["pods/status"]),
    allow(["create"], "", ["pods/eviction", "serviceaccounts/token"]),
    allow(["create", "delete", "get", "list", "patch", "update", "watch"], "coordination.k8s.io", ["leases"]),
    allow(READ, "storage.k8s.io", ["csidrivers", "csinodes"]),
  ],
  "system:node-proxier": [
    EVENTS,
    allow(READ, "", ["endpoints", "nodes", "pods", "namespaces", "services"]),
    allow(READ, "discovery.k8s.io", ["endpointslices"]),
    allow(READ, "networking.k8s.io", ["networkpolicies"]),
  ],
  "system:kube-dns": [
    allow(READ, "", ["endpoints", "namespaces", "nodes", "pods", "services"]),
    allow(READ, "discovery.k8s.io", ["endpointslices"]),
  ],
  "system:service-account-issuer-discovery": [
    allowPaths(["get"], ["/.well-known/openid-configuration", "/openid/v1/jwks"]),
  ],
  "cluster-admin": [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }, allowPaths(["*"], ["*"])],
};

/** Groups and users with the cluster-wide role each is bound to. */
export const SYSTEM_BINDINGS: readonly {
  name: string;
  role: string;
  groups?: string[];
  users?: string[];
  accounts?: string[];
}[] = [
  { name: "cluster-admin", role: "cluster-admin", groups: ["system:masters"] },
  { name: "system:basic-user", role: "system:basic-user", groups: ["system:authenticated"] },
  { name: "system:discovery", role: "system:discovery", groups: ["system:authenticated"] },
  {
    name: "system:public-info-viewer",
    role: "system:public-info-viewer",
    groups: ["system:authenticated", "system:unauthenticated"],
  },
  { name: "system:monitoring", role: "system:monitoring", groups: ["system:monitoring"] },
  { name: "system:kube-scheduler", role: "system:kube-scheduler", users: ["system:kube-scheduler"] },
  {
    name: "system:kube-controller-manager",
    role: "system:kube-controller-manager",
    users: ["system:kube-controller-manager"],
  },
  { name: "system:node", role: "system:node", groups: ["system:nodes"] },
  { name: "system:node-proxier", role: "system:node-proxier", users: ["system:kube-proxy"] },
  {
    name: "system:kube-dns",
    role: "system:kube-dns",
    users: ["system:kube-dns"],
    accounts: ["kube-system:kube-dns"],
  },
  {
    name: "system:service-account-issuer-discovery",
    role: "system:service-account-issuer-discovery",
    groups: ["system:serviceaccounts"],
  },
];
