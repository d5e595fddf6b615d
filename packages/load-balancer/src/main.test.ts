import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ClusterRoleBindings, ClusterRoles, EndpointSlices, Ingresses, Services } from "@jdos/api";
import { startTestServer } from "@jdos/apiserver/testing";
import { eventually } from "@jdos/component-base/testing";
import { accountKubeconfig, type StartedPart, startPart } from "@jdos/controller-runtime/testing";
import { type EchoServer, freePort, type RunningHaproxy, runHaproxy, startEcho } from "./testing/index.ts";

const MAIN = join(import.meta.dirname, "main.ts");
const account = { namespace: "jdos-system", name: "load-balancer" };
const namespace = "default";

test("two replicas: both carry traffic, one writes statuses, and the other takes that over when it is killed", async () => {
  const directory = await mkdtemp(join(tmpdir(), "jdos-lb-"));
  const server = await startTestServer({ https: true });
  const client = server.adminClient();
  const parts: StartedPart[] = [];
  const others: (RunningHaproxy | EchoServer)[] = [];
  try {
    const at = { client, url: server.url, caPem: server.caPem };
    const kubeconfig = await accountKubeconfig(at, { ...account, directory });
    await client.create(ClusterRoles, {
      metadata: { name: "load-balancer" },
      rules: [
        {
          apiGroups: ["", "networking.k8s.io", "discovery.k8s.io"],
          resources: ["services", "ingresses", "ingressclasses", "endpointslices"],
          verbs: ["get", "list", "watch"],
        },
        {
          apiGroups: ["", "networking.k8s.io"],
          resources: ["services/status", "ingresses/status"],
          verbs: ["get", "update", "patch"],
        },
        { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
        { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update"] },
      ],
    });
    await client.create(ClusterRoleBindings, {
      metadata: { name: "load-balancer" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "load-balancer" },
      subjects: [{ kind: "ServiceAccount", ...account }],
    });
    const replica = async (name: string) => {
      const port = await freePort();
      const shared = join(directory, name);
      const part = startPart(MAIN, [
        ...["--kubeconfig", kubeconfig, "--lease-seconds", "6", "--config-directory", shared],
        ...["--listen-address", "127.0.0.1", "--http-port", String(port)],
        ...["--publish-address", "routes.example.org", "--load-balancer-services", "false"],
      ]);
      parts.push(part);
      await part.said("Started part");
      others.push(await runHaproxy(shared));
      return { part, port };
    };
    const echo = await startEcho("web");
    others.push(echo);
    const replicas = [await replica("one"), await replica("two")];
    await expose("web", echo.port);
    for (const { port } of replicas)
      await eventually(async () => assert.ok((await ask(port, "web.example.org")) === 200));
    const said = async (name: string) =>
      (await client.get(Ingresses, { namespace, name })).status?.loadBalancer?.ingress?.[0];
    await eventually(async () => assert.ok((await said("web"))?.hostname === "routes.example.org"));

    const leads = (part: StartedPart): boolean => part.log.some(({ msg }) => msg === "Became leader");
    const leader = replicas.find(({ part }) => leads(part));
    const other = replicas.find(({ part }) => part !== leader?.part);
    assert.ok(leader && other && !leads(other.part));
    leader.part.kill("SIGKILL");
    await expose("late", echo.port);
    await eventually(async () => assert.ok((await ask(other.port, "late.example.org")) === 200));
    assert.equal(await ask(leader.port, "web.example.org"), 200, "HAProxy goes on without its part");
    await eventually(async () => assert.ok((await said("late"))?.hostname === "routes.example.org"));
    const balanced = await client.get(Services, { namespace, name: "balanced" });
    assert.equal(balanced.status?.loadBalancer?.ingress, undefined, "left to the cluster");
  } finally {
    for (const part of parts) {
      part.kill("SIGKILL");
      await part.ended;
    }
    for (const other of others) await other.stop();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }

  async function expose(name: string, port: number): Promise<void> {
    const ports = [{ name: "http", port: 80 }];
    await client.create(Services, { metadata: { name, namespace }, spec: { ports } });
    if (name === "web")
      await client.create(Services, {
        metadata: { name: "balanced", namespace },
        spec: { ports, type: "LoadBalancer" },
      });
    await client.create(EndpointSlices, {
      metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
      ports: [{ name: "http", port, protocol: "TCP" }],
    });
    const backend = { service: { name, port: { number: 80 } } };
    const http = { paths: [{ path: "/", pathType: "Prefix" as const, backend }] };
    await client.create(Ingresses, {
      metadata: { name, namespace },
      spec: { ingressClassName: "jdos", rules: [{ host: `${name}.example.org`, http }] },
    });
  }
});

async function ask(port: number, host: string): Promise<number> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, headers: { host }, agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    asked.on("error", reject);
    asked.end();
  });
}
