import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, PodSpec } from "@jdos/api";
import { defaultPodOnly, defaultPodSpec, pullPolicyFor } from "./defaults.ts";
import { qosClass } from "./quality-of-service.ts";

const images: readonly [string, string][] = [
  ["nginx", "Always"],
  ["nginx:latest", "Always"],
  ["nginx:1.27", "IfNotPresent"],
  ["registry:5000/nginx", "Always"],
  ["registry:5000/nginx:1", "IfNotPresent"],
  ["nginx@sha256:abc", "IfNotPresent"],
  ["nginx:latest@sha256:abc", "IfNotPresent"],
];

for (const [image, policy] of images) {
  test(`pullPolicyFor() gives ${policy} for ${image}`, () => {
    assert.equal(pullPolicyFor(image), policy);
  });
}

test("defaultPodSpec() fills in what a Pod leaves out", () => {
  const spec: PodSpec = {
    serviceAccountName: "builder",
    containers: [
      {
        name: "web",
        image: "web:1",
        ports: [{ containerPort: 80 }],
        readinessProbe: { httpGet: { port: 80 } },
        env: [{ name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
      },
    ],
    volumes: [{ name: "scratch" }, { name: "config", configMap: { name: "c" } }],
  };
  defaultPodSpec(spec);
  assert.deepEqual(spec, {
    serviceAccountName: "builder",
    serviceAccount: "builder",
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    terminationGracePeriodSeconds: 30,
    securityContext: {},
    schedulerName: "default-scheduler",
    containers: [
      {
        name: "web",
        image: "web:1",
        imagePullPolicy: "IfNotPresent",
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
        resources: {},
        ports: [{ containerPort: 80, protocol: "TCP" }],
        readinessProbe: {
          httpGet: { port: 80, path: "/", scheme: "HTTP" },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        env: [{ name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name", apiVersion: "v1" } } }],
      },
    ],
    volumes: [
      { name: "scratch", emptyDir: {} },
      { name: "config", configMap: { name: "c", defaultMode: 0o644 } },
    ],
  });
});

test("defaultPodSpec() gives containers on the host's network the same host ports", () => {
  const spec: PodSpec = {
    hostNetwork: true,
    containers: [{ name: "a", image: "a:1", ports: [{ containerPort: 80 }] }],
  };
  defaultPodSpec(spec);
  assert.equal(spec.containers[0]?.ports?.[0]?.hostPort, 80);
});

test("defaultPodOnly() requests what is limited and keeps what is requested", () => {
  const spec: PodSpec = {
    containers: [
      {
        name: "a",
        image: "a:1",
        resources: { limits: { cpu: "1", memory: "64Mi" }, requests: { cpu: "500m" } },
      },
    ],
  };
  defaultPodOnly(spec);
  assert.deepEqual(spec.containers[0]?.resources?.requests, { cpu: "500m", memory: "64Mi" });
  assert.equal(spec.enableServiceLinks, true);
});

const qualities: readonly [string, Pod["spec"], string][] = [
  ["nothing asked", { containers: [{ name: "a" }] }, "BestEffort"],
  ["cpu requested", { containers: [{ name: "a", resources: { requests: { cpu: "1" } } }] }, "Burstable"],
  [
    "requests equal to limits, written differently",
    {
      containers: [
        {
          name: "a",
          resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1000m", memory: "1024Mi" } },
        },
      ],
    },
    "Guaranteed",
  ],
  [
    "one container without limits",
    {
      containers: [{ name: "a", resources: { limits: { cpu: "1", memory: "1Gi" } } }, { name: "b" }],
    },
    "Burstable",
  ],
];

for (const [name, spec, expected] of qualities) {
  test(`qosClass() is ${expected} with ${name}`, () => {
    assert.equal(qosClass(spec === undefined ? {} : { spec }), expected);
  });
}
