import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod, PodSpec } from "@jdos/api";
import { deepCopy } from "@jdos/apimachinery";
import { podStrategy } from "./strategy.ts";

/** A Pod with its defaults. */
function pod(change: (spec: PodSpec, container: Container) => void = () => {}): Pod {
  const spec: PodSpec = { containers: [{ name: "web", image: "web:1" }] };
  change(spec, spec.containers[0]!);
  const object: Pod = { metadata: { name: "p", namespace: "default" }, spec };
  podStrategy.defaults?.(object);
  return object;
}

function faults(object: Pod): string[] {
  return (podStrategy.validate?.(object) ?? []).map((error) => `${error.field}: ${error.message}`);
}

test("validate() finds nothing wrong with a plain Pod", () => {
  assert.deepEqual(faults(pod()), []);
});

type Change = (spec: PodSpec, container: Container) => void;

const cases: readonly [string, Change, readonly string[]][] = [
  ["no containers", (spec) => Object.assign(spec, { containers: [] }), ["spec.containers: Required value"]],
  ["no image", (_, one) => void delete one.image, ["spec.containers[0].image: Required value"]],
  ["no name", (_, one) => Object.assign(one, { name: "" }), ["spec.containers[0].name: Required value"]],
  [
    "a name used twice",
    (spec) => void spec.containers.push({ name: "web", image: "x:1" }),
    ['spec.containers[1].name: Duplicate value: "web"'],
  ],
  [
    "a port out of range",
    (_, one) => Object.assign(one, { ports: [{ containerPort: 99999 }] }),
    [
      "spec.containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive",
    ],
  ],
  [
    "an unknown protocol",
    (_, one) => Object.assign(one, { ports: [{ containerPort: 80, protocol: "ICMP" }] }),
    [
      'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
  ],
  [
    "a port name without a letter",
    (_, one) => Object.assign(one, { ports: [{ containerPort: 80, name: "80" }] }),
    ['spec.containers[0].ports[0].name: Invalid value: "80": must contain at least one letter (a-z)'],
  ],
  [
    "a mount without its volume",
    (_, one) => Object.assign(one, { volumeMounts: [{ name: "data", mountPath: "/data" }] }),
    ['spec.containers[0].volumeMounts[0].name: Not found: "data"'],
  ],
  [
    "two mounts in one place",
    (spec, one) => {
      spec.volumes = [{ name: "data" }];
      one.volumeMounts = [
        { name: "data", mountPath: "/data" },
        { name: "data", mountPath: "/data" },
      ];
    },
    ['spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/data": must be unique'],
  ],
  [
    "a request above its limit",
    (_, one) => Object.assign(one, { resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }),
    [
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
  ],
  [
    "a probe with two handlers",
    (_, one) => Object.assign(one, { livenessProbe: { httpGet: { port: 80 }, tcpSocket: { port: 80 } } }),
    ["spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type"],
  ],
  [
    "a probe without a handler",
    (_, one) => Object.assign(one, { readinessProbe: {} }),
    ["spec.containers[0].readinessProbe: Required value: must specify a handler type"],
  ],
  [
    "a liveness probe that wants two successes",
    (_, one) => Object.assign(one, { livenessProbe: { httpGet: { port: 80 }, successThreshold: 2 } }),
    ["spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"],
  ],
  [
    "a variable with a value and a source",
    (_, one) =>
      Object.assign(one, {
        env: [{ name: "A", value: "b", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
      }),
    [
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
  ],
  [
    "a variable from a field that is none",
    (_, one) =>
      Object.assign(one, { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.x" } } }] }),
    [
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "spec.x": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
    ],
  ],
  [
    "a wrong restart policy",
    (spec) => Object.assign(spec, { restartPolicy: "Sometimes" }),
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"'],
  ],
  [
    "a volume with two sources",
    (spec) => Object.assign(spec, { volumes: [{ name: "v", emptyDir: {}, hostPath: { path: "/x" } }] }),
    ["spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"],
  ],
  [
    "an init container with a probe",
    (spec) =>
      Object.assign(spec, {
        initContainers: [{ name: "i", image: "i:1", readinessProbe: { httpGet: { port: 1 } } }],
      }),
    [
      "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ],
  ],
];

for (const [name, change, expected] of cases) {
  test(`validate() refuses ${name}`, () => {
    assert.deepEqual(faults(pod(change)), expected);
  });
}

function updateFaults(change: Change, before?: Change): string[] {
  const old = pod(before);
  const next = deepCopy(old);
  change(next.spec!, next.spec!.containers[0]!);
  const errors = podStrategy.validateUpdate?.(next, old, undefined) ?? [];
  return errors.map((error) => `${error.field}: ${error.message.split("\n")[0]}`);
}

const FIXED =
  "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

const gated: Change = (spec) =>
  Object.assign(spec, {
    schedulingGates: [{ name: "example.com/a" }],
    nodeSelector: { disk: "ssd" },
    activeDeadlineSeconds: 60,
    terminationGracePeriodSeconds: -1,
    initContainers: [{ name: "first", image: "first:1" }],
    tolerations: [{ key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 }],
  });

const updates: readonly [string, Change, readonly string[], Change?][] = [
  ["lets an image change", (_, one) => Object.assign(one, { image: "web:2" }), []],
  [
    "lets a toleration be added",
    (spec) => Object.assign(spec, { tolerations: [{ operator: "Exists" }] }),
    [],
  ],
  ["refuses another command", (_, one) => Object.assign(one, { command: ["x"] }), [FIXED]],
  ["refuses another node", (spec) => Object.assign(spec, { nodeName: "n2" }), [FIXED]],
  [
    "refuses another container",
    (spec) => void spec.containers.push({ name: "b", image: "b:1" }),
    ["spec.containers: Forbidden: pod updates may not add or remove containers"],
  ],
  [
    "lets an init container's image change",
    (spec) => Object.assign(spec.initContainers![0]!, { image: "first:2" }),
    [],
    gated,
  ],
  ["refuses another pull policy", (_, one) => Object.assign(one, { imagePullPolicy: "Always" }), [FIXED]],
  [
    "lets a deadline be set and shortened",
    (spec) => Object.assign(spec, { activeDeadlineSeconds: 59 }),
    [],
    gated,
  ],
  [
    "refuses a longer deadline",
    (spec) => Object.assign(spec, { activeDeadlineSeconds: 61 }),
    ["spec.activeDeadlineSeconds: Invalid value: 61: must be less than or equal to previous value"],
    gated,
  ],
  [
    "lets a toleration's seconds change",
    (spec) => Object.assign(spec.tolerations![0]!, { tolerationSeconds: 9 }),
    [],
    gated,
  ],
  [
    "refuses a toleration's removal",
    (spec) => Object.assign(spec, { tolerations: [] }),
    ["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"],
    gated,
  ],
  [
    "lets a negative grace period become 1",
    (spec) => Object.assign(spec, { terminationGracePeriodSeconds: 1 }),
    [],
    gated,
  ],
  [
    "refuses another grace period",
    (spec) => Object.assign(spec, { terminationGracePeriodSeconds: 2 }),
    [FIXED],
    gated,
  ],
  ["refuses 1 in place of 30", (spec) => Object.assign(spec, { terminationGracePeriodSeconds: 1 }), [FIXED]],
  ["lets a gate go", (spec) => Object.assign(spec, { schedulingGates: [] }), [], gated],
  [
    "refuses another gate",
    (spec) => Object.assign(spec, { schedulingGates: [{ name: "example.com/b" }] }),
    [
      "spec.schedulingGates[0]: Forbidden: only deletion is allowed, but found new scheduling gate 'example.com/b'",
    ],
    gated,
  ],
  [
    "lets a gated Pod be narrowed",
    (spec) => Object.assign(spec, { nodeSelector: { disk: "ssd", zone: "a" } }),
    [],
    gated,
  ],
  [
    "refuses a gated Pod another selector",
    (spec) => Object.assign(spec, { nodeSelector: {} }),
    [
      "spec.nodeSelector: Invalid value: {}: only additions to spec.nodeSelector are allowed (no mutations or deletions)",
    ],
    gated,
  ],
];

for (const [name, change, expected, before] of updates) {
  test(`validateUpdate() ${name}`, () => {
    assert.deepEqual(updateFaults(change, before), expected);
  });
}

const graces: readonly [string, Pod, number | undefined, number][] = [
  ["a Pod on no node goes at once", pod(), undefined, 0],
  ["a Pod on a node gets its own", pod((spec) => Object.assign(spec, { nodeName: "n" })), undefined, 30],
  ["what is asked wins", pod((spec) => Object.assign(spec, { nodeName: "n" })), 5, 5],
  [
    "a finished Pod goes at once",
    { ...pod((spec) => Object.assign(spec, { nodeName: "n" })), status: { phase: "Failed" } },
    5,
    0,
  ],
];

for (const [name, object, requested, expected] of graces) {
  test(`gracePeriodSeconds(): ${name}`, () => {
    assert.equal(podStrategy.gracePeriodSeconds?.(object, requested), expected);
  });
}
