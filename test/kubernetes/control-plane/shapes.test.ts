/** What Kubernetes 1.20 serves in older versions, as it comes from its own controllers and as it is refused. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  ConfigMaps,
  CronJobs,
  EndpointSlices,
  Namespaces,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  Services,
} from "@jdos/api";
import { controllerReference, isStatus, type KubeObject, type Persisted } from "@jdos/apimachinery";
import { requireServerVersion, UnsupportedError } from "@jdos/client";
import { type Cluster, startCluster } from "../support/cluster.ts";

const namespace = "default";
const key = (name: string) => ({ namespace, name });

describe("the control plane of Kubernetes 1.20", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster();
  });
  after(() => cluster?.stop());

  it("EndpointSlices of its own controller say node and zone where the newest shape does", async () => {
    const { client } = cluster;
    await client.create(Nodes, {
      metadata: { name: "n1", labels: { "topology.kubernetes.io/zone": "east" } },
    });
    await client.create(Pods, {
      metadata: { ...key("web-0"), labels: { app: "web" } },
      spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }] },
    });
    const status = {
      phase: "Running",
      podIP: "10.0.0.5",
      podIPs: [{ ip: "10.0.0.5" }],
      conditions: [{ type: "Ready", status: "True" }],
    };
    await client.patch(Pods, key("web-0"), { type: "merge", body: { status } }, { subresource: "status" });
    const events = await client.watch(EndpointSlices, {
      namespace,
      labelSelector: "kubernetes.io/service-name=web",
      signal: AbortSignal.timeout(30_000),
    });
    await client.create(Services, {
      metadata: key("web"),
      spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: 8080 as never }] },
    });
    for await (const event of events) {
      if (event.type !== "ADDED") continue;
      assert.equal(event.object.apiVersion, "discovery.k8s.io/v1");
      const [endpoint] = event.object.endpoints;
      const { addresses, nodeName, zone, conditions } = endpoint ?? {};
      assert.deepEqual(
        { addresses, nodeName, zone, conditions },
        { addresses: ["10.0.0.5"], nodeName: "n1", zone: "east", conditions: { ready: true } },
      );
      assert.equal((endpoint as { topology?: object }).topology, undefined);
      return;
    }
    assert.fail("no EndpointSlice in 30 s");
  });

  it("what a CronJob owns goes with it", async () => {
    const { client } = cluster;
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } };
    const owner = await client.create(CronJobs, {
      metadata: key("owner"),
      spec: { schedule: "0 0 1 1 *", jobTemplate: { spec: { template } } },
    });
    const ownerReferences = [controllerReference(owner as Persisted<KubeObject>)];
    await client.create(ConfigMaps, { metadata: { ...key("owned"), ownerReferences } });
    const events = await client.watch(ConfigMaps, {
      namespace,
      fieldSelector: "metadata.name=owned",
      signal: AbortSignal.timeout(30_000),
    });
    await client.delete(CronJobs, key("owner"));
    for await (const { type } of events) if (type === "DELETED") return;
    assert.fail("it is still there after 30 s");
  });

  it("a CronJob's time zone is refused, for its version would lose it", async () => {
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } };
    const create = cluster.client.create(CronJobs, {
      metadata: key("late"),
      spec: { schedule: "0 9 * * *", timeZone: "Asia/Shanghai", jobTemplate: { spec: { template } } },
    });
    await assert.rejects(create, (error) => {
      assert.ok(isStatus(error, "Invalid"));
      assert.match(error.message, /spec\.timeZone: Forbidden: the cluster serves batch\/v1beta1/);
      return true;
    });
    await assert.rejects(cluster.client.get(CronJobs, key("late")), (error) => isStatus(error, "NotFound"));
  });

  it("a field that a gate of the server drops is refused where fields are to be checked", async () => {
    const spec = {
      type: "LoadBalancer",
      allocateLoadBalancerNodePorts: false,
      loadBalancerClass: "example.com/x",
    };
    const service = { metadata: key("classy"), spec: { ...spec, ports: [{ port: 80 }] } };
    await assert.rejects(
      cluster.client.create(Services, service, { fieldValidation: "Strict" }),
      (error) =>
        isStatus(error, "BadRequest") && /unknown field "spec\.loadBalancerClass"/.test(error.message),
    );
    await assert.rejects(cluster.client.get(Services, key("classy")), (error) => isStatus(error, "NotFound"));
  });
});

describe("a Kubernetes 1.20 with APIs switched off", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({
      controllers: false,
      apiServerArguments: ["--runtime-config=policy/v1beta1=false", "--feature-gates=ServerSideApply=false"],
    });
  });
  after(() => cluster?.stop());

  it("says which Kind is served in no version that is known", async () => {
    assert.equal((await requireServerVersion(cluster.client)).minor, 20);
    await assert.rejects(cluster.client.list(PodDisruptionBudgets), (error) => {
      assert.ok(error instanceof UnsupportedError);
      assert.match(error.message, /in neither policy\/v1 nor policy\/v1beta1/);
      return true;
    });
    assert.ok(await cluster.client.list(EndpointSlices));
  });

  it("says that server-side apply is switched off", async () => {
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: "applied" } };
    const apply = cluster.client.patch(
      Namespaces,
      { name: "applied" },
      { type: "apply", body },
      { fieldManager: "jdos" },
    );
    await assert.rejects(apply, (error) => error instanceof UnsupportedError && /apply/.test(error.message));
  });
});
