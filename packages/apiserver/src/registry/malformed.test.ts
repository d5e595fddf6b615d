/** No object, however malformed, is answered with anything but a Status of the caller's fault. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as api from "@jdos/api";
import { type ResourceType, StatusError } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { startTestServer, type TestServer } from "../testing/index.ts";

let server: TestServer;
let client: Client;

before(async () => {
  server = await startTestServer();
  client = server.adminClient();
});
after(() => server.stop());

const pod = {
  restartPolicy: "Never",
  nodeSelector: { a: "b" },
  tolerations: [{ key: "a", operator: "Exists", effect: "NoSchedule" }],
  securityContext: { runAsUser: 5, fsGroup: 6 },
  dnsConfig: { nameservers: ["10.0.0.1"], searches: ["a.b"], options: [{ name: "ndots", value: "5" }] },
  hostAliases: [{ ip: "10.0.0.1", hostnames: ["a"] }],
  imagePullSecrets: [{ name: "pull" }],
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "In", values: ["b"] }] }],
      },
    },
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, podAffinityTerm: { topologyKey: "host", labelSelector: { matchLabels: { a: "b" } } } },
      ],
    },
  },
  initContainers: [{ name: "init", image: "i:1" }],
  containers: [
    {
      name: "web",
      image: "web:1",
      command: ["a"],
      ports: [{ containerPort: 80, name: "http" }],
      env: [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
      envFrom: [{ configMapRef: { name: "c" } }],
      resources: { limits: { cpu: "1" }, requests: { cpu: "1" } },
      volumeMounts: [{ name: "v", mountPath: "/v" }],
      livenessProbe: { httpGet: { path: "/", port: "http", httpHeaders: [{ name: "A", value: "b" }] } },
      lifecycle: { preStop: { exec: { command: ["a"] } } },
      securityContext: { capabilities: { drop: ["ALL"] } },
    },
  ],
  volumes: [
    { name: "v", secret: { secretName: "s", items: [{ key: "a", path: "b" }] } },
    { name: "w", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
    { name: "x", downwardAPI: { items: [{ path: "l", fieldRef: { fieldPath: "metadata.labels" } }] } },
  ],
};
const selector = { matchLabels: { app: "web" }, matchExpressions: [{ key: "app", operator: "Exists" }] };
const template = { metadata: { labels: { app: "web" } }, spec: { ...pod, restartPolicy: "Always" } };
const job = { template: { spec: pod } };
const meta = { labels: { a: "b" }, annotations: { a: "b" }, finalizers: ["example.com/x"] };

const samples: readonly [ResourceType, object][] = [
  [api.Pods, { spec: pod }],
  [api.Deployments, { spec: { selector, template, strategy: { rollingUpdate: { maxSurge: 1 } } } }],
  [api.ReplicaSets, { spec: { selector, template } }],
  [
    api.StatefulSets,
    {
      spec: {
        selector,
        template,
        serviceName: "s",
        volumeClaimTemplates: [{ metadata: { name: "d" }, spec: {} }],
      },
    },
  ],
  [
    api.DaemonSets,
    { spec: { selector, template, updateStrategy: { rollingUpdate: { maxUnavailable: 1 } } } },
  ],
  [api.ReplicationControllers, { spec: { selector: { app: "web" }, template } }],
  [api.Jobs, { spec: job }],
  [api.CronJobs, { spec: { schedule: "* * * * *", jobTemplate: { spec: job } } }],
  [api.PodTemplates, { template }],
  [
    api.Services,
    {
      spec: {
        selector: { a: "b" },
        ports: [{ name: "a", port: 80, targetPort: "http" }],
        externalIPs: ["10.0.0.1"],
      },
    },
  ],
  [api.Endpoints, { subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 80 }] }] }],
  [
    api.EndpointSlices,
    { addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.1"] }], ports: [{ port: 80 }] },
  ],
  [api.ConfigMaps, { data: { a: "b" }, binaryData: { b: "eA==" } }],
  [api.Secrets, { data: { a: "eA==" }, stringData: { b: "c" } }],
  [api.ServiceAccounts, { secrets: [{ name: "a" }], imagePullSecrets: [{ name: "b" }] }],
  [api.Namespaces, { spec: { finalizers: ["a.b/c"] } }],
  [api.Nodes, { spec: { taints: [{ key: "a", effect: "NoSchedule" }] }, status: { capacity: { cpu: "1" } } }],
  [
    api.Events,
    {
      involvedObject: { kind: "Pod", name: "p", namespace: "default" },
      source: { component: "c" },
      series: { count: 1 },
    },
  ],
  [api.LimitRanges, { spec: { limits: [{ type: "Container", max: { cpu: "1" }, min: { cpu: "1m" } }] } }],
  [api.ResourceQuotas, { spec: { hard: { pods: "1" }, scopes: ["BestEffort"] } }],
  [
    api.PersistentVolumes,
    { spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, hostPath: { path: "/x" } } },
  ],
  [
    api.PersistentVolumeClaims,
    { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } },
  ],
  [
    api.Ingresses,
    {
      spec: {
        tls: [{ hosts: ["a.b"] }],
        rules: [
          {
            host: "a.b",
            http: {
              paths: [
                { path: "/", pathType: "Prefix", backend: { service: { name: "s", port: { number: 80 } } } },
              ],
            },
          },
        ],
      },
    },
  ],
  [api.IngressClasses, { spec: { controller: "a.b/c", parameters: { kind: "K", name: "n" } } }],
  [
    api.NetworkPolicies,
    {
      spec: {
        podSelector: selector,
        ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }], ports: [{ port: 80 }] }],
        egress: [{ to: [{ podSelector: {} }] }],
      },
    },
  ],
  [api.PodDisruptionBudgets, { spec: { minAvailable: 1, selector } }],
  [
    api.HorizontalPodAutoscalers,
    {
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { kind: "Deployment", name: "d" },
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 5 } },
          },
        ],
      },
    },
  ],
  [api.PriorityClasses, { value: 5 }],
  [api.StorageClasses, { provisioner: "a.b/c", parameters: { a: "b" } }],
  [
    api.Leases,
    { spec: { holderIdentity: "a", leaseDurationSeconds: 5, renewTime: "2026-01-01T00:00:00.000000Z" } },
  ],
  [api.Roles, { rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] }],
  [
    api.ClusterRoles,
    {
      rules: [{ nonResourceURLs: ["/x"], verbs: ["get"] }],
      aggregationRule: { clusterRoleSelectors: [selector] },
    },
  ],
  [api.RoleBindings, { roleRef: { kind: "Role", name: "r" }, subjects: [{ kind: "User", name: "u" }] }],
  [
    api.ClusterRoleBindings,
    { roleRef: { kind: "ClusterRole", name: "r" }, subjects: [{ kind: "Group", name: "u" }] },
  ],
  [api.ControllerRevisions, { revision: 1, data: { a: "b" } }],
  [
    api.CustomResourceDefinitions,
    {
      spec: {
        group: "fuzz.example.com",
        scope: "Namespaced",
        names: { plural: "things", singular: "thing", kind: "Thing", shortNames: ["th"] },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            subresources: {
              status: {},
              scale: { specReplicasPath: ".spec.n", statusReplicasPath: ".status.n" },
            },
            additionalPrinterColumns: [{ name: "N", type: "integer", jsonPath: ".spec.n" }],
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: {
                  spec: {
                    type: "object",
                    required: ["n"],
                    properties: {
                      n: { type: "integer" },
                      l: { type: "array", items: { type: "string", enum: ["a"] } },
                    },
                    "x-kubernetes-validations": [{ rule: "self.n > 0" }],
                  },
                },
              },
            },
          },
        ],
      },
    },
  ],
];

const POISONS: readonly unknown[] = [
  null,
  "",
  "x y",
  0,
  -1,
  1.5,
  true,
  [],
  {},
  [null],
  [[]],
  { a: null },
  { a: {} },
];

type Path = readonly (string | number)[];

/** Every place in an object, the deepest included. */
function* places(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    yield* places(member, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function poisoned(object: object, path: Path, poison: unknown): object {
  const copy = structuredClone(object) as Record<string | number, unknown>;
  let inner = copy;
  for (const step of path.slice(0, -1)) inner = inner[step] as Record<string | number, unknown>;
  inner[path.at(-1)!] = structuredClone(poison);
  return copy;
}

for (const [type, sample] of samples) {
  test(`create() answers every malformed ${type.kind} with a Status`, async () => {
    const named =
      type.kind === "CustomResourceDefinition" ? { name: "things.fuzz.example.com" } : { name: "fuzz" };
    const metadata = { ...meta, ...named, ...(type.namespaced ? { namespace: "default" } : {}) };
    const whole = { metadata, ...sample };
    await client.create(type, whole as never, { dryRun: true });
    for (const path of places(whole)) {
      for (const poison of POISONS) {
        const what = `${path.join(".")} = ${JSON.stringify(poison)}`;
        try {
          await client.create(type, poisoned(whole, path, poison) as never, { dryRun: true });
        } catch (error) {
          assert.ok(
            error instanceof StatusError,
            `${what}: ${error instanceof Error ? error.stack : String(error)}`,
          );
          assert.ok(error.code < 500, `${what}: ${error.message}`);
        }
      }
    }
  });
}
