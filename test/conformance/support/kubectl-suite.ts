import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type Skips, skippingIt } from "@jdos/client/testing";
import { eventually } from "../../e2e/support/process.ts";
import { findKubectls, Kubectl, type KubectlBinary } from "./kubectl.ts";

const APPLICATION = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        ports: [{containerPort: 80}]
        resources: {limits: {cpu: 0.5, memory: 1024Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {tier: front}}
data: {colour: red}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {token: secret}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: once, image: once:1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: alone, labels: {app: alone}}
spec: {containers: [{name: alone, image: alone:1}]}
`;

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    additionalPrinterColumns:
    - {name: Color, type: string, jsonPath: .spec.color}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: What is wanted
            required: [color]
            properties:
              color: {type: string, enum: [red, blue], description: The color of the widget}
              replicas: {type: integer, minimum: 1, default: 2}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;

const WIDGET = `
apiVersion: example.com/v1
kind: Widget
metadata: {name: one}
spec: {color: red}
`;

/** The columns of a printed table, its first line. */
function heading(table: string): string[] {
  return (table.split("\n")[0] ?? "").trim().split(/\s{2,}/);
}

export interface KubectlSubject {
  /** Of a user who may do everything. */
  kubeconfig: string;
  stop(): Promise<void>;
}

export interface KubectlSuiteOptions {
  /** Gives a server without objects. */
  start(): Promise<KubectlSubject>;
  skips?: Skips;
}

const kubectls = await findKubectls();

/** The real kubectl, old and new, against an API server alone: no node, no controller. */
export function kubectlSuite(name: string, options: KubectlSuiteOptions): void {
  for (const binary of kubectls)
    describe(`kubectl ${binary.version} with ${name}`, () => suite(binary, options));
}

function suite({ path, version }: KubectlBinary, { start, skips = {} }: KubectlSuiteOptions): void {
  const old = /^v1\.(1\d|20)\./.test(version);
  const test = skippingIt(skips);
  let server: KubectlSubject;
  let kubectl: Kubectl;
  let home: string;

  before(async () => {
    server = await start();
    home = mkdtempSync(join(tmpdir(), "jdos-kubectl-"));
    kubectl = new Kubectl(path, { kubeconfig: server.kubeconfig, home });
  });
  after(async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const apply = (input: string) => kubectl.ok(["apply", "-f", "-"], { input });
  const value = (what: string, jsonPath: string) =>
    kubectl.ok(["get", ...what.split(" "), "-o", `jsonpath=${jsonPath}`]);

  test("apply creates, and applied again changes nothing", async () => {
    const first = await apply(APPLICATION);
    assert.equal(first.match(/ created/g)?.length, 6, first);
    const second = await apply(APPLICATION);
    assert.match(second, /service\/web unchanged/);
    assert.match(second, /job.batch\/once unchanged/);
    assert.equal(await value("deployment web", "{.metadata.generation}"), "1");
  });

  test("apply changes one field and leaves the rest", async () => {
    await apply(APPLICATION.replace("image: web:1", "image: web:2"));
    assert.equal(await value("deployment web", "{.spec.template.spec.containers[0].image}"), "web:2");
    assert.equal(
      await value("deployment web", "{.spec.template.spec.containers[0].resources.limits.cpu}"),
      "500m",
    );
  });

  const tables: readonly [string, string[]][] = [
    [
      "pods",
      ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"],
    ],
    ["deployments", ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]],
    ["services", ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "SELECTOR"]],
    ["jobs", ["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]],
    ["configmaps", ["NAME", "DATA", "AGE"]],
    ["secrets", ["NAME", "TYPE", "DATA", "AGE"]],
    ["namespaces", ["NAME", "STATUS", "AGE"]],
  ];
  for (const [resource, columns] of tables) {
    test(`get ${resource} -o wide prints Kubernetes' columns`, async () => {
      assert.deepEqual(heading(await kubectl.ok(["get", resource, "-o", "wide"])), columns);
    });
  }

  test("get finds by label, by field, in all namespaces, as yaml, json and name", async () => {
    assert.equal(await kubectl.ok(["get", "cm", "-l", "tier=front", "-o", "name"]), "configmap/settings\n");
    assert.equal(
      await kubectl.ok(["get", "pods", "--field-selector", "status.phase=Pending", "-o", "name"]),
      "pod/alone\n",
    );
    assert.match(await kubectl.ok(["get", "pods", "-A"]), /^NAMESPACE\s+NAME/);
    assert.match(await kubectl.ok(["get", "pod", "alone", "-o", "yaml"]), /\n {2}restartPolicy: Always\n/);
    const pod = JSON.parse(await kubectl.ok(["get", "pod", "alone", "-o", "json"])) as { status: object };
    assert.deepEqual(pod.status, { phase: "Pending", qosClass: "BestEffort" });
  });

  test("get -w prints each change", async () => {
    const seen = kubectl.until(
      ["get", "configmaps", "settings", "-w", "-o", 'jsonpath={.data.colour}{"\\n"}'],
      (lines) => lines.includes("green"),
    );
    let done = false;
    const watching = seen.finally(() => {
      done = true;
    });
    for (let colour = 0; !done && colour < 200; colour++) {
      const data = { colour: colour % 2 === 0 ? "red" : "green" };
      await kubectl.ok(["patch", "cm", "settings", "-p", JSON.stringify({ data })]);
    }
    assert.ok((await watching).includes("green"));
  });

  test("describe tells of an object", async () => {
    const text = await kubectl.ok(["describe", "deployment", "web"]);
    assert.match(text, /StrategyType: +RollingUpdate/);
    assert.match(text, /RollingUpdateStrategy: +25% max unavailable, 25% max surge/);
    assert.match(await kubectl.ok(["describe", "pod", "alone"]), /QoS Class: +BestEffort/);
    assert.match(await kubectl.ok(["describe", "svc", "web"]), /TargetPort: +8080\/TCP/);
  });

  test("patch merges lists by their key, merges, and edits by path", async () => {
    const container = { spec: { template: { spec: { containers: [{ name: "web", image: "web:3" }] } } } };
    await kubectl.ok(["patch", "deploy", "web", "-p", JSON.stringify(container)]);
    assert.equal(await value("deployment web", "{.spec.template.spec.containers[*].image}"), "web:3");
    assert.equal(
      await value("deployment web", "{.spec.template.spec.containers[0].ports[0].containerPort}"),
      "80",
    );
    await kubectl.ok(["patch", "deploy", "web", "--type", "merge", "-p", '{"spec":{"paused":true}}']);
    assert.equal(await value("deployment web", "{.spec.paused}"), "true");
    const replace = '[{"op":"replace","path":"/spec/replicas","value":7}]';
    await kubectl.ok(["patch", "deploy", "web", "--type", "json", "-p", replace]);
    assert.equal(await value("deployment web", "{.spec.replicas}"), "7");
  });

  test("scale, label, annotate and set image change what they say", async () => {
    await kubectl.ok(["scale", "deployment", "web", "--replicas", "5"]);
    assert.equal(await value("deployment web", "{.spec.replicas}"), "5");
    await kubectl.ok(["label", "pod", "alone", "tier=back"]);
    await kubectl.ok(["annotate", "pod", "alone", "note=hello"]);
    assert.equal(
      await value("pod alone", "{.metadata.labels.tier}{.metadata.annotations.note}"),
      "backhello",
    );
    await kubectl.ok(["set", "image", "pod/alone", "alone=alone:2"]);
    assert.equal(await value("pod alone", "{.spec.containers[0].image}"), "alone:2");
  });

  test("explain knows the fields of Kinds", async () => {
    assert.match(await kubectl.ok(["explain", "deployment.spec.strategy"]), /rollingUpdate/);
    assert.match(await kubectl.ok(["explain", "pod.spec.containers.resources"]), /limits\s+<map\[string\]/);
  });

  test("create makes what its flags say", async () => {
    await kubectl.ok(["create", "deployment", "made", "--image=made:1"]);
    await kubectl.ok(["create", "secret", "generic", "made", "--from-literal=a=b"]);
    await kubectl.ok(["create", "configmap", "made", "--from-literal=a=b"]);
    await kubectl.ok(["create", "namespace", "made"]);
    await kubectl.ok(["create", "job", "made", "--image=made:1", "--", "echo", "hi"]);
    await kubectl.ok(["create", "role", "made", "--verb=get", "--resource=pods"]);
    await kubectl.ok(["create", "serviceaccount", "made"]);
    await kubectl.ok(["create", "rolebinding", "made", "--role=made", "--serviceaccount=default:made"]);
    await kubectl.ok(["expose", "deployment", "made", "--port", "80"]);
    assert.equal(await value("secret made", "{.data.a}"), "Yg==");
    assert.equal(await value("job made", "{.spec.template.spec.containers[0].command[1]}"), "hi");
    assert.equal(await value("service made", "{.spec.selector.app}"), "made");
    const can = ["auth", "can-i", "get", "pods", "--as", "system:serviceaccount:default:made"];
    assert.equal(await kubectl.ok(can), "yes\n");
    const cannot = await kubectl.run([
      "auth",
      "can-i",
      "delete",
      "pods",
      "--as",
      "system:serviceaccount:default:made",
    ]);
    assert.deepEqual([cannot.code, cannot.stdout.trim()], [1, "no"]);
  });

  test("create --dry-run=server shows what would be, and makes nothing", async () => {
    const dry = [
      "create",
      "configmap",
      "dry",
      "--from-literal=a=b",
      "--dry-run=server",
      "-o",
      "jsonpath={.metadata.uid}",
    ];
    assert.match(await kubectl.ok(dry), /^[0-9a-f-]{36}$/);
    assert.match(
      await kubectl.fails(["get", "configmap", "dry"]),
      /\(NotFound\): configmaps "dry" not found/,
    );
  });

  test("what is wrong is refused with its field", async () => {
    const unknown = await kubectl.fails(["apply", "-f", "-"], {
      input: APPLICATION.replace("replicas: 2", "replcias: 2"),
    });
    assert.match(unknown, old ? /unknown field "replcias"/ : /unknown field "(spec\.)?replcias"/);
    const missing = await kubectl.fails(["apply", "-f", "-"], {
      input: APPLICATION.replace("image: web:1", 'image: ""'),
    });
    assert.match(missing, /spec.template.spec.containers\[0\].image: Required value/);
    const taken = await kubectl.fails(["create", "configmap", "settings"]);
    assert.match(taken, /already exists/);
    const command = '{"spec":{"containers":[{"name":"alone","command":["x"]}]}}';
    assert.match(
      await kubectl.fails(["patch", "pod", "alone", "-p", command]),
      /spec: Forbidden: pod updates may not change fields other than/,
    );
    assert.match(await kubectl.fails(["get", "things"]), /the server doesn't have a resource type "things"/);
  });

  test("api-resources lists names, short names and Kinds", async () => {
    const lines = await kubectl.ok(["api-resources", "-o", "wide"]);
    assert.match(lines, /deployments +deploy +apps\/v1 +true +Deployment/);
    assert.match(lines, /customresourcedefinitions +crd,crds/);
  });

  test("a custom resource is defined, applied, checked, explained, scaled and taken away", async () => {
    await apply(DEFINITION);
    await kubectl.ok(["wait", "--for", "condition=established", "crd/widgets.example.com", "--timeout=20s"]);
    await apply(WIDGET);
    const table = await kubectl.ok(["get", "wd"]);
    assert.deepEqual(heading(table), ["NAME", "COLOR", "REPLICAS"]);
    assert.match(table, /one +red +2/);
    await apply(WIDGET.replace("red", "blue"));
    assert.equal(await value("widget one", "{.spec.color}{.metadata.generation}"), "blue2");
    const wrong = await kubectl.fails(["apply", "-f", "-"], { input: WIDGET.replace("red", "green") });
    assert.match(
      wrong,
      /spec.color: Unsupported value: "green": supported values: "red", "blue"|ValidationError/,
    );
    // A server may add a Kind to what it tells of its fields a moment after it serves the Kind.
    const explained = await eventually(() => kubectl.ok(["explain", "widget.spec.color"]));
    assert.match(explained, /The color of the widget/);
    await kubectl.ok(["scale", "widget", "one", "--replicas", "4"]);
    assert.equal(await value("widget one", "{.spec.replicas}"), "4");
    assert.match(await kubectl.ok(["describe", "widget", "one"]), /Color: +blue/);
    await kubectl.ok(["delete", "crd", "widgets.example.com", "--timeout=20s"]);
    assert.match(await kubectl.fails(["get", "crd", "widgets.example.com"]), /NotFound/);
  });

  test("taint and cordon change a node, and take back what they did", async () => {
    await apply("apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n");
    await kubectl.ok(["taint", "nodes", "n1", "a=b:NoSchedule"]);
    await kubectl.ok(["taint", "nodes", "n1", "c=d:NoExecute"]);
    await kubectl.ok(["taint", "nodes", "n1", "a-"]);
    // Kubernetes itself may have tainted a node that nobody runs.
    const taints = (await value("node n1", "{.spec.taints[*].key}")).split(" ");
    assert.deepEqual(
      taints.filter((key) => !key.startsWith("node.kubernetes.io/")),
      ["c"],
    );
    await kubectl.ok(["cordon", "n1"]);
    assert.match(await kubectl.ok(["get", "nodes"]), /n1 +Unknown,SchedulingDisabled +<none>/);
    await kubectl.ok(["uncordon", "n1"]);
    assert.equal(await value("node n1", "{.spec.unschedulable}"), "");
  });

  test("delete takes away, and wait sees it", async () => {
    await kubectl.ok(["patch", "pod", "alone", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}']);
    const deleting = kubectl.ok(["delete", "pod", "alone"]);
    while ((await value("pod alone", "{.metadata.deletionTimestamp}")) === "") await setImmediate();
    // The old one calls it an error when there is nothing left to wait for.
    const waiting = old ? undefined : kubectl.ok(["wait", "--for=delete", "pod/alone", "--timeout=20s"]);
    await kubectl.ok(["patch", "pod", "alone", "-p", '{"metadata":{"finalizers":null}}']);
    await deleting;
    await waiting;
    assert.match(await kubectl.fails(["get", "pod", "alone"]), /NotFound/);
    await kubectl.ok(["delete", "configmap,secret", "--all"]);
    assert.equal(await kubectl.ok(["get", "configmaps", "-o", "name"]), "");
  });
}
