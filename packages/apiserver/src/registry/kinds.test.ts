/** Defaults, rules and what a change may touch, Kind by Kind, through the in-process client. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ConfigMaps,
  CronJobs,
  Deployments,
  Ingresses,
  Jobs,
  Leases,
  Namespaces,
  Nodes,
  Pods,
  RoleBindings,
  Roles,
  Secrets,
  Services,
  StatefulSets,
} from "@jdos/api";
import { type KubeObject, type ResourceType, StatusError } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { startTestServer, type TestServer } from "../testing/index.ts";

let server: TestServer;
let client: Client;

before(async () => {
  server = await startTestServer();
  client = server.adminClient();
});
after(() => server.stop());

const namespace = "default";
const template = {
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image: "web:1" }] },
};
const selector = { matchLabels: { app: "web" } };
let count = 0;
const name = (): string => `o${++count}`;

/** Objects are written as a person would write them in YAML. */
function create(type: ResourceType, object: object): Promise<KubeObject & Record<string, unknown>> {
  const meta = type.namespaced ? { namespace } : {};
  const { metadata = {}, ...rest } = object as { metadata?: object };
  return client.create(type, { metadata: { name: name(), ...meta, ...metadata }, ...rest } as never) as never;
}

async function refusal(attempt: Promise<unknown>): Promise<string[]> {
  const error = await attempt.then(
    () => assert.fail("it was accepted"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StatusError, String(error));
  assert.equal(error.reason, "Invalid", error.message);
  return (error.details?.causes ?? []).map((cause) => `${cause.field}: ${cause.message}`);
}

interface Change {
  type: ResourceType;
  object: object;
  change(object: never): void;
}

async function changed({ type, object, change }: Change): Promise<KubeObject & Record<string, unknown>> {
  const created = structuredClone(await create(type, object));
  change(created as never);
  return client.update(type, created as never) as never;
}

test("Deployment: defaults are Kubernetes' own", async () => {
  const { spec, metadata, status } = (await create(Deployments, {
    spec: { selector, template },
  })) as never as {
    spec: Record<string, unknown>;
    metadata: { generation: number };
    status: object;
  };
  const { replicas, strategy, revisionHistoryLimit, progressDeadlineSeconds } = spec;
  assert.deepEqual(
    { replicas, strategy, revisionHistoryLimit, progressDeadlineSeconds },
    {
      replicas: 1,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
  );
  assert.equal(metadata.generation, 1);
  assert.deepEqual(status, {});
});

test("Deployment: generation moves with the spec alone", async () => {
  const object = { spec: { selector, template } };
  const labelled = await changed({
    type: Deployments,
    object,
    change: (deployment: { metadata: { labels: object } }) => {
      deployment.metadata.labels = { a: "b" };
    },
  });
  const scaled = await changed({
    type: Deployments,
    object,
    change: (deployment: { spec: { replicas: number } }) => {
      deployment.spec.replicas = 4;
    },
  });
  assert.equal(labelled.metadata?.generation, 1);
  assert.equal(scaled.metadata?.generation, 2);
});

test("Deployment: status is written on its subresource alone", async () => {
  const created = structuredClone(await create(Deployments, { spec: { selector, template } })) as never as {
    metadata: { name: string };
    spec: { replicas: number };
    status: object;
  };
  created.status = { replicas: 3 };
  created.spec.replicas = 9;
  const onMain = (await client.update(Deployments, created as never)) as never as typeof created;
  assert.deepEqual([onMain.spec.replicas, onMain.status], [9, {}]);
  const next = { ...structuredClone(onMain), status: { replicas: 3 }, spec: { ...onMain.spec, replicas: 1 } };
  const onStatus = await client.update(Deployments, next as never, { subresource: "status" });
  assert.deepEqual([onStatus.spec?.replicas, onStatus.status], [9, { replicas: 3 }]);
});

const refused: Readonly<Record<string, [ResourceType, object, readonly string[]]>> = {
  "a Deployment whose selector misses its template": [
    Deployments,
    { spec: { selector: { matchLabels: { app: "other" } }, template } },
    [
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
  ],
  "a Deployment that neither surges nor goes down": [
    Deployments,
    { spec: { selector, template, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } },
    ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"],
  ],
  "a Deployment with a template that does not restart": [
    Deployments,
    { spec: { selector, template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } } },
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  "a Job that always restarts": [
    Jobs,
    { spec: { template } },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  "a Service without ports": [Services, { spec: { selector: { a: "b" } } }, ["spec.ports: Required value"]],
  "a Service with two ports without names": [
    Services,
    { spec: { ports: [{ port: 80 }, { port: 81 }] } },
    ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
  ],
  "a Service name that begins with a digit": [
    Services,
    { metadata: { name: "1web" }, spec: { ports: [{ port: 80 }] } },
    [
      "metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  "an Ingress path without its type": [
    Ingresses,
    {
      spec: {
        rules: [
          { http: { paths: [{ path: "/", backend: { service: { name: "s", port: { number: 80 } } } }] } },
        ],
      },
    },
    ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"],
  ],
  "an Ingress of nothing": [
    Ingresses,
    { spec: {} },
    ["spec: Invalid value: []: either `defaultBackend` or `rules` must be specified"],
  ],
  "a ConfigMap key with a space": [
    ConfigMaps,
    { data: { "a b": "c" } },
    [
      "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ],
  "a TLS Secret without its key": [
    Secrets,
    { type: "kubernetes.io/tls", data: { "tls.crt": "" } },
    ["data[tls.key]: Required value"],
  ],
  "a RoleBinding to a thing that is no role": [
    RoleBindings,
    { roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Pod", name: "x" } },
    ['roleRef.kind: Unsupported value: "Pod": supported values: "ClusterRole", "Role"'],
  ],
  "a rule without verbs": [
    Roles,
    { rules: [{ apiGroups: [""], resources: ["pods"], verbs: [] }] },
    ["rules[0].verbs: Required value: verbs must contain at least one value"],
  ],
  "a CronJob with six fields": [
    CronJobs,
    {
      spec: {
        schedule: "* * * * * *",
        jobTemplate: {
          spec: { template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } },
        },
      },
    },
    ['spec.schedule: Invalid value: "* * * * * *": expected exactly 5 fields, found 6: [* * * * * *]'],
  ],
  "a Lease that lasts no time": [
    Leases,
    { spec: { leaseDurationSeconds: 0 } },
    ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"],
  ],
  "a taint with an unknown effect": [
    Nodes,
    { spec: { taints: [{ key: "a", effect: "Never" }] } },
    [
      'spec.taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
    ],
  ],
};

for (const [what, [type, object, expected]] of Object.entries(refused)) {
  test(`create() refuses ${what}`, async () => {
    assert.deepEqual(await refusal(create(type, object)), expected);
  });
}

const never = { ...template, spec: { ...template.spec, restartPolicy: "Never" } };
// biome-ignore lint/suspicious/noExplicitAny: the objects are of many Kinds
type Any = any;

const frozen: Readonly<Record<string, [ResourceType, object, (object: Any) => void, readonly string[]]>> = {
  "the selector of a Deployment": [
    Deployments,
    { spec: { selector, template: { ...template, metadata: { labels: { app: "web", b: "c" } } } } },
    (object) => Object.assign(object.spec, { selector: { matchLabels: { b: "c" } } }),
    ['spec.selector: Invalid value: {"matchLabels":{"b":"c"}}: field is immutable'],
  ],
  "the type of a Secret": [
    Secrets,
    {},
    (object) => Object.assign(object, { type: "example.com/other" }),
    ['type: Invalid value: "example.com/other": field is immutable'],
  ],
  "the data of an immutable ConfigMap": [
    ConfigMaps,
    { immutable: true, data: { a: "b" } },
    (object) => Object.assign(object, { data: { a: "c" } }),
    ["data: Forbidden: field is immutable when `immutable` is set"],
  ],
  "the address of a Service": [
    Services,
    { spec: { clusterIP: "10.128.7.7", ports: [{ port: 80 }] } },
    (object) => Object.assign(object.spec, { clusterIP: "10.128.7.8", clusterIPs: ["10.128.7.8"] }),
    ['spec.clusterIPs[0]: Invalid value: ["10.128.7.8"]: may not change once set'],
  ],
  "the role of a RoleBinding": [
    RoleBindings,
    { roleRef: { kind: "ClusterRole", name: "view" } },
    (object) => Object.assign(object.roleRef, { name: "edit" }),
    [
      'roleRef: Invalid value: {"kind":"ClusterRole","name":"edit","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef',
    ],
  ],
  "the service name of a StatefulSet": [
    StatefulSets,
    { spec: { serviceName: "a", selector, template } },
    (object) => Object.assign(object.spec, { serviceName: "b" }),
    [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  ],
};

for (const [what, [type, object, change, expected]] of Object.entries(frozen)) {
  test(`update() refuses to change ${what}`, async () => {
    assert.deepEqual(await refusal(changed({ type, object, change: change as never })), expected);
  });
}

test("update() refuses to change the template of a Job", async () => {
  const attempt = changed({
    type: Jobs,
    object: { spec: { template: never } },
    change: ((job: Any) =>
      Object.assign(job.spec.template.spec.containers[0], { image: "other:1" })) as never,
  });
  const [sentence = ""] = await refusal(attempt);
  assert.match(sentence, /^spec\.template: Invalid value: .*: field is immutable$/);
});

test("Job: its Pods are selected by its uid", async () => {
  const job = (await create(Jobs, { spec: { template: never } })) as Any;
  const uid = job.metadata.uid;
  assert.deepEqual(job.spec.selector, { matchLabels: { "batch.kubernetes.io/controller-uid": uid } });
  assert.deepEqual(job.spec.template.metadata.labels, {
    app: "web",
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": job.metadata.name,
    "controller-uid": uid,
    "job-name": job.metadata.name,
  });
  const { backoffLimit, completions, parallelism, completionMode } = job.spec;
  assert.deepEqual([backoffLimit, completions, parallelism, completionMode], [6, 1, 1, "NonIndexed"]);
});

test("Secret: stringData goes into data and wins", async () => {
  const secret = (await create(Secrets, {
    data: { a: "eA==", b: "eQ==" },
    stringData: { a: "hello" },
  })) as Any;
  assert.deepEqual(secret.data, { a: "aGVsbG8=", b: "eQ==" });
  assert.equal("stringData" in secret, false);
  assert.equal(secret.type, "Opaque");
});

test("Service: defaults, and addresses kept by an update that leaves them out", async () => {
  const service = (await create(Services, { spec: { ports: [{ port: 80 }] } })) as Any;
  assert.deepEqual(service.spec.ports, [{ port: 80, protocol: "TCP", targetPort: 80 }]);
  const { type, sessionAffinity, internalTrafficPolicy, ipFamilies, ipFamilyPolicy, clusterIP } =
    service.spec;
  assert.deepEqual(
    { type, sessionAffinity, internalTrafficPolicy, ipFamilies, ipFamilyPolicy },
    {
      type: "ClusterIP",
      sessionAffinity: "None",
      internalTrafficPolicy: "Cluster",
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
    },
  );
  const { metadata } = structuredClone(service);
  const updated = await client.update(Services, { metadata, spec: { ports: [{ port: 81 }] } } as never);
  assert.equal(updated.spec?.clusterIP, clusterIP);
});

test("Namespace: it is labelled with its name and held by its finalizer", async () => {
  const created = (await create(Namespaces, { metadata: { name: "team" } })) as Any;
  assert.equal(created.metadata.labels["kubernetes.io/metadata.name"], "team");
  assert.deepEqual([created.spec.finalizers, created.status.phase], [["kubernetes"], "Active"]);
});

test("Pod: quantities are stored in their canonical form, empty members are not", async () => {
  const pod = (await create(Pods, {
    metadata: { creationTimestamp: null, annotations: {} },
    spec: {
      nodeName: "",
      volumes: [],
      containers: [{ name: "a", image: "a:1", resources: { limits: { cpu: 0.5, memory: "1024Mi" } } }],
    },
  })) as Any;
  assert.deepEqual(pod.spec.containers[0].resources, {
    limits: { cpu: "500m", memory: "1Gi" },
    requests: { cpu: "500m", memory: "1Gi" },
  });
  assert.equal("nodeName" in pod.spec, false);
  assert.equal("volumes" in pod.spec, false);
  assert.equal("annotations" in pod.metadata, false);
  assert.deepEqual(pod.status, { phase: "Pending", qosClass: "Guaranteed" });
});

test("create() refuses a value of the wrong type with 400 and says where", async () => {
  const attempt = create(Deployments, { spec: { replicas: "2", selector, template } });
  await assert.rejects(attempt, {
    reason: "BadRequest",
    message:
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  });
});

test("create() refuses an unknown field when validation is strict, and drops it otherwise", async () => {
  const object = { metadata: { name: name(), namespace }, data: { a: "b" }, dta: {} };
  await assert.rejects(client.create(ConfigMaps, object as never, { fieldValidation: "Strict" }), {
    reason: "BadRequest",
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"',
  });
  const created = await client.create(ConfigMaps, object as never);
  assert.equal("dta" in created, false);
});
