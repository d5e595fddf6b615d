import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Leases, Nodes, Pods, PriorityClasses, ServiceAccounts, Services } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { startTestServer, type TestServer } from "../testing/index.ts";

const refused = (pattern: RegExp) => (error: unknown) => isStatus(error) && pattern.test(error.message);
const namespace = "default";
const spec = { containers: [{ name: "c", image: "i" }] };
let server: TestServer;
let client: Client;

before(async () => {
  server = await startTestServer({
    serviceAccounts: true,
    options: { serviceCidr: "10.9.0.0/24", advertise: { host: "10.1.0.1", port: 7443 } },
  });
  client = server.adminClient();
  await client.create(ServiceAccounts, {
    metadata: { name: "mute", namespace },
    automountServiceAccountToken: false,
  });
});
after(() => server.stop());

describe("serviceAccount()", () => {
  it("serviceAccount() refuses a Pod whose account is missing", async () => {
    await assert.rejects(
      client.create(Pods, { metadata: { name: "p", namespace }, spec }),
      refused(/error looking up service account default\/default: serviceaccount "default" not found/),
    );
  });

  it("serviceAccount() mounts the token, the authority and the namespace", async () => {
    await client.create(ServiceAccounts, { metadata: { name: "default", namespace } });
    const pod = await client.create(Pods, { metadata: { name: "p", namespace }, spec });
    assert.equal(pod.spec?.serviceAccountName, "default");
    const volume = pod.spec?.volumes?.[0];
    assert.match(volume?.name ?? "", /^kube-api-access-[a-z0-9]{5}$/);
    assert.deepEqual(
      volume?.projected?.sources?.map((source) => Object.keys(source)[0]),
      ["serviceAccountToken", "configMap", "downwardAPI"],
    );
    assert.equal(
      pod.spec?.containers[0]?.volumeMounts?.[0]?.mountPath,
      "/var/run/secrets/kubernetes.io/serviceaccount",
    );
  });

  it("serviceAccount() mounts nothing where the account says so", async () => {
    const pod = await client.create(Pods, {
      metadata: { name: "quiet", namespace },
      spec: { ...spec, serviceAccountName: "mute" },
    });
    assert.equal(pod.spec?.volumes, undefined);
  });
});

describe("serviceAddresses()", () => {
  const service = (name: string, more: object = {}) => ({
    metadata: { name, namespace },
    spec: { ports: [{ port: 80 }], ...more },
  });

  it("serviceAddresses() gives each Service its own address, and takes it back", async () => {
    const a = await client.create(Services, service("a"));
    const b = await client.create(Services, service("b"));
    assert.match(a.spec?.clusterIP ?? "", /^10\.9\.0\.\d+$/);
    assert.notEqual(a.spec?.clusterIP, b.spec?.clusterIP);
    const wanted = a.spec!.clusterIP!;
    await assert.rejects(
      client.create(Services, service("c", { clusterIP: wanted })),
      refused(/provided IP is already allocated/),
    );
    await client.delete(Services, { namespace, name: "a" });
    const c = await client.create(Services, service("c", { clusterIP: wanted }));
    assert.equal(c.spec?.clusterIP, wanted);
  });

  it("serviceAddresses() takes back what a refused or a dry write reserved", async () => {
    const asked = service("d", { clusterIP: "10.9.0.7" });
    await assert.rejects(
      client.create(Services, { ...asked, spec: { ...asked.spec, ports: [{ port: 0 }] } }),
      refused(/spec\.ports\[0\]\.port/),
    );
    await client.create(Services, asked, { dryRun: true });
    assert.equal((await client.create(Services, asked)).spec?.clusterIP, "10.9.0.7");
  });

  it("serviceAddresses() gives node ports, and none to headless Services", async () => {
    const made = await client.create(Services, service("np", { type: "NodePort" }));
    const port = made.spec?.ports?.[0]?.nodePort ?? 0;
    assert.ok(port >= 30000 && port <= 32767);
    const same = service("np2", { type: "NodePort", ports: [{ port: 80, nodePort: port }] });
    await assert.rejects(client.create(Services, same), refused(/provided port is already allocated/));
    assert.equal(
      (await client.create(Services, service("hl", { clusterIP: "None" }))).spec?.clusterIP,
      "None",
    );
  });

  it("bootstrap() puts default/kubernetes on the first address", async () => {
    const kubernetes = await client.get(Services, { namespace, name: "kubernetes" });
    assert.equal(kubernetes.spec?.clusterIP, "10.9.0.1");
  });
});

describe("priority()", () => {
  it("priority() turns a class into a number and refuses one that is missing", async () => {
    await client.create(PriorityClasses, { metadata: { name: "high" }, value: 1000 });
    const pod = await client.create(Pods, {
      metadata: { name: "high", namespace },
      spec: { ...spec, priorityClassName: "high" },
    });
    assert.equal(pod.spec?.priority, 1000);
    await assert.rejects(
      client.create(Pods, {
        metadata: { name: "no", namespace },
        spec: { ...spec, priorityClassName: "none" },
      }),
      refused(/no PriorityClass with name none was found/),
    );
  });
});

describe("nodeRestriction", () => {
  it("nodeRestriction keeps a kubelet to its own Node, lease and Pods", async () => {
    const kubelet = server.clientFor({ name: "system:node:n1", groups: ["system:nodes"] });
    await kubelet.create(Nodes, { metadata: { name: "n1" } });
    await assert.rejects(
      kubelet.create(Nodes, { metadata: { name: "n2" } }),
      refused(/node "n1" is not allowed to modify node "n2"/),
    );
    await assert.rejects(
      kubelet.create(Leases, { metadata: { name: "n1", namespace } }),
      refused(/kube-node-lease/),
    );
    await assert.rejects(
      kubelet.delete(Pods, { namespace, name: "p" }),
      refused(/can only delete pods with spec.nodeName set to itself/),
    );
  });
});

describe("serviceAccountToken", () => {
  it("serviceAccountToken gives a token that is known until its Pod is gone", async () => {
    const pod = await client.get(Pods, { namespace, name: "p" });
    const body = {
      spec: { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "p", uid: pod.metadata.uid } },
    };
    const made = await client.createSubresource(
      ServiceAccounts,
      { namespace, name: "default" },
      "token",
      body as never,
    );
    const { token } = (made as unknown as { status: { token: string } }).status;
    const review = async () => {
      const { body: answer } = await client.raw({
        method: "POST",
        path: "/apis/authentication.k8s.io/v1/tokenreviews",
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } },
      });
      const chunks: Uint8Array[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      return JSON.parse(Buffer.concat(chunks).toString()).status;
    };
    assert.equal((await review()).user.username, "system:serviceaccount:default:default");
    await client.delete(Pods, { namespace, name: "p" }, { gracePeriodSeconds: 0 });
    assert.equal((await review()).authenticated, false);
  });
});
