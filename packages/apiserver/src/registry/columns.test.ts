/** What kubectl get prints, Kind by Kind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "@jdos/apimachinery";
import { strategies } from "./strategies.ts";

const now = new Date("2026-01-02T00:00:00Z");
const created = { creationTimestamp: "2026-01-01T23:55:00Z" };

type Row = Readonly<Record<string, string | number | boolean | null>>;

/** The cells by the names of their columns; those of -o wide too. */
function row(kind: string, object: object): Row {
  const strategy = strategies.find(({ type }) => type.kind === kind);
  assert.ok(strategy, kind);
  const { metadata = {}, ...rest } = object as KubeObject;
  const whole = { metadata: { name: "one", ...created, ...metadata }, ...rest };
  return Object.fromEntries(
    strategy.columns.map((column) => [column.name, column.cell(whole as never, now)]),
  );
}

const template = {
  spec: {
    containers: [
      { name: "a", image: "a:1" },
      { name: "b", image: "b:2" },
    ],
  },
};

const cases: readonly [string, string, object, Row][] = [
  [
    "a Deployment on its way",
    "Deployment",
    {
      spec: { replicas: 3, selector: { matchLabels: { app: "web" } }, template },
      status: { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 },
    },
    {
      Name: "one",
      Ready: "1/3",
      "Up-to-date": 2,
      Available: 1,
      Age: "5m",
      Containers: "a,b",
      Images: "a:1,b:2",
      Selector: "app=web",
    },
  ],
  [
    "a ready Node with a role",
    "Node",
    {
      metadata: { labels: { "node-role.kubernetes.io/control-plane": "" } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: "Ready", status: "True" }],
        addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
        nodeInfo: {
          kubeletVersion: "v1.32.0",
          osImage: "Debian",
          kernelVersion: "6.1",
          containerRuntimeVersion: "containerd://1.6",
        },
      },
    },
    {
      Name: "one",
      Status: "Ready,SchedulingDisabled",
      Roles: "control-plane",
      Age: "5m",
      Version: "v1.32.0",
      "Internal-IP": "10.0.0.1",
      "External-IP": "<none>",
      "OS-Image": "Debian",
      "Kernel-Version": "6.1",
      "Container-Runtime": "containerd://1.6",
    },
  ],
  [
    "a Node nobody heard of",
    "Node",
    {},
    {
      Name: "one",
      Status: "Unknown",
      Roles: "<none>",
      Age: "5m",
      Version: "",
      "Internal-IP": "<none>",
      "External-IP": "<none>",
      "OS-Image": "<unknown>",
      "Kernel-Version": "<unknown>",
      "Container-Runtime": "<unknown>",
    },
  ],
  [
    "a Service that waits for its address",
    "Service",
    {
      spec: {
        type: "LoadBalancer",
        clusterIP: "10.128.0.9",
        ports: [
          { port: 80, nodePort: 30080, protocol: "TCP" },
          { port: 53, protocol: "UDP" },
        ],
        selector: { b: "c", a: "b" },
      },
    },
    {
      Name: "one",
      Type: "LoadBalancer",
      "Cluster-IP": "10.128.0.9",
      "External-IP": "<pending>",
      "Port(s)": "80:30080/TCP,53/UDP",
      Age: "5m",
      Selector: "a=b,b=c",
    },
  ],
  [
    "many Endpoints",
    "Endpoints",
    {
      subsets: [{ addresses: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }], ports: [{ port: 80 }, { port: 81 }] }],
    },
    { Name: "one", Endpoints: "10.0.0.1:80,10.0.0.1:81,10.0.0.2:80 + 1 more...", Age: "5m" },
  ],
  [
    "a Job that took its time",
    "Job",
    {
      spec: { completions: 2, parallelism: 1, template, selector: {} },
      status: {
        succeeded: 2,
        startTime: "2026-01-01T23:55:00Z",
        completionTime: "2026-01-01T23:57:30Z",
        conditions: [{ type: "Complete", status: "True" }],
      },
    },
    {
      Name: "one",
      Status: "Complete",
      Completions: "2/2",
      Duration: "2m30s",
      Age: "5m",
      Containers: "a,b",
      Images: "a:1,b:2",
      Selector: "<none>",
    },
  ],
  [
    "an Event that came again",
    "Event",
    {
      involvedObject: { kind: "Pod", name: "web", fieldPath: "spec.containers{web}" },
      type: "Warning",
      reason: "BackOff",
      message: "Back-off restarting\n",
      count: 4,
      firstTimestamp: "2026-01-01T23:50:00Z",
      lastTimestamp: "2026-01-01T23:59:30Z",
      source: { component: "kubelet", host: "n1" },
    },
    {
      "Last Seen": "30s (x4 over 10m)",
      Type: "Warning",
      Reason: "BackOff",
      Object: "pod/web",
      Subobject: "spec.containers{web}",
      Source: "kubelet, n1",
      Message: "Back-off restarting",
      "First Seen": "10m",
      Count: 4,
      Name: "one",
    },
  ],
  [
    "an Ingress with certificates",
    "Ingress",
    {
      spec: {
        ingressClassName: "jdos",
        tls: [{}],
        rules: [{ host: "a" }, { host: "b" }, { host: "c" }, { host: "d" }],
      },
      status: { loadBalancer: { ingress: [{ ip: "127.0.0.1" }] } },
    },
    {
      Name: "one",
      Class: "jdos",
      Hosts: "a,b,c + 1 more...",
      Address: "127.0.0.1",
      Ports: "80, 443",
      Age: "5m",
    },
  ],
  [
    "a HorizontalPodAutoscaler",
    "HorizontalPodAutoscaler",
    {
      spec: {
        minReplicas: 1,
        maxReplicas: 5,
        scaleTargetRef: { kind: "Deployment", name: "web" },
        metrics: [{ type: "Resource", resource: { name: "cpu", target: { averageUtilization: 80 } } }],
      },
      status: {
        currentReplicas: 2,
        currentMetrics: [
          { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 12 } } },
        ],
      },
    },
    {
      Name: "one",
      Reference: "Deployment/web",
      Targets: "cpu: 12%/80%",
      MinPods: "1",
      MaxPods: 5,
      Replicas: 2,
      Age: "5m",
    },
  ],
  [
    "a RoleBinding",
    "RoleBinding",
    {
      roleRef: { kind: "Role", name: "r" },
      subjects: [
        { kind: "User", name: "ann" },
        { kind: "ServiceAccount", namespace: "d", name: "s" },
      ],
    },
    { Name: "one", Role: "Role/r", Age: "5m", Users: "ann", Groups: "", ServiceAccounts: "d/s" },
  ],
  [
    "a CronJob",
    "CronJob",
    {
      spec: { schedule: "*/5 * * * *", suspend: false, jobTemplate: { spec: { template } } },
      status: { lastScheduleTime: "2026-01-01T23:58:00Z" },
    },
    {
      Name: "one",
      Schedule: "*/5 * * * *",
      Timezone: "<none>",
      Suspend: "False",
      Active: 0,
      "Last Schedule": "2m",
      Age: "5m",
      Containers: "a,b",
      Images: "a:1,b:2",
      Selector: "<none>",
    },
  ],
];

for (const [what, kind, object, expected] of cases) {
  test(`columns show ${what}`, () => {
    assert.deepEqual(row(kind, object), expected);
  });
}

test("columns of every Kind print an object that has nothing but a name", () => {
  for (const { type, columns } of strategies) {
    const object = {
      metadata: { name: "one" },
      ...(type.kind === "HorizontalPodAutoscaler" ? { spec: { scaleTargetRef: {} } } : {}),
    };
    for (const column of columns)
      assert.doesNotThrow(() => column.cell(object as never, now), `${type.kind} ${column.name}`);
  }
});
