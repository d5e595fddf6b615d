/** Each seam that routes, load balancers and logs have, on one cluster of two nodes that goes from one to the next by upgrade. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Endpoints, Events, Ingresses, Namespaces, Services } from "@jdos/api";
import { runCommand } from "@jdos/component-base";
import { ClickHouse, literal } from "@jdos/component-base/clickhouse";
import { clickhouseRoot, startTestClickHouse } from "@jdos/component-base/testing";
import { ask } from "../../e2e/support/http.ts";
import { example, TestPlatform } from "../../e2e/support/platform.ts";
import { eventually } from "../../e2e/support/process.ts";
import { startForeignController } from "../support/foreign-ingress-controller.ts";
import { type InstalledPlatform, startInstalledPlatform } from "../support/installed-platform.ts";

const namespace = "seams";
const APP = ["--system", namespace, "--app", "hello"];
const HOST = "hello.seams.jdos.localhost";

const clickhouse = await clickhouseRoot();

describe("seams of a cluster", () => {
  let installed: InstalledPlatform;
  let platform: TestPlatform;
  before(async () => {
    installed = await startInstalledPlatform({ nodes: 2, values: { routes: { expose: "LoadBalancer" } } });
    const { target } = installed;
    const env = { JDOS_KUBECONFIG: target.kubeconfig };
    platform = new TestPlatform({ ...target, administrator: "jdos:admin", env });
    await platform.say("system", "create", namespace);
    await platform.json("deploy", example("hello-node"), ...APP, "--replicas", "2");
  });
  after(() => installed?.stop());

  const nodes = () => installed.cluster.nodes.map(({ address }) => address);

  /** Where the application's Ingress says that it answers. */
  async function said(): Promise<(string | undefined)[]> {
    const { status } = await installed.cluster.client.get(Ingresses, { namespace, name: "hello" });
    return (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname);
  }

  async function answers(address: string, port: number): Promise<void> {
    await eventually(async () => {
      const { status, body } = await ask({ address, port, host: HOST });
      assert.equal(status, 200, body);
    });
  }

  /** A Service of type LoadBalancer before the application, at a port of its own. */
  async function balance(name: string, port: number): Promise<void> {
    await installed.cluster.client.create(Services, {
      metadata: { namespace, name },
      spec: {
        type: "LoadBalancer",
        selector: { "jdos.io/application": "hello" },
        ports: [{ port, targetPort: 8080 }],
      },
    });
  }

  async function balancedAt(name: string): Promise<(string | undefined)[]> {
    const { status } = await installed.cluster.client.get(Services, { namespace, name });
    return (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  }

  it("routes.expose LoadBalancer: install ends without an address and says so, and Ingresses get the one that comes", async () => {
    assert.match(
      installed.said,
      /no address of their own: the cluster has given Service jdos-system\/routes/,
    );
    assert.match(await platform.say("status"), /^routes +waiting /m);
    assert.deepEqual(await said(), []);
    const key = { namespace: "jdos-system", name: "routes" };
    const given = nodes()[1]!;
    await installed.cluster.client.patch(
      Services,
      key,
      { type: "merge", body: { status: { loadBalancer: { ingress: [{ ip: given }] } } } },
      { subresource: "status" },
    );
    await eventually(async () => assert.deepEqual(await said(), [given]));
    await answers(given, 80);
    assert.equal(await platform.say("open", ...APP), `http://${HOST}\n`);
    assert.doesNotMatch(await platform.say("status"), /waiting/);
  });

  it("routes.expose HostPort: every node answers at that port", async () => {
    assert.doesNotMatch(await installed.upgrade({ routes: { expose: "HostPort" } }), /no address/);
    for (const node of nodes()) await answers(node, 80);
    await eventually(async () => assert.deepEqual(await said(), [nodes()[0]]));
  });

  it("routes.expose HostNetwork with loadBalancers.provider jdos: nodes carry routes and Services", async () => {
    const routes = { expose: "HostNetwork", hostPort: 8080 };
    await installed.upgrade({ routes, loadBalancers: { provider: "jdos" } });
    for (const node of nodes()) await answers(node, 8080);
    await balance("balanced", 9000);
    await eventually(async () => assert.deepEqual(await balancedAt("balanced"), nodes()));
    for (const node of installed.cluster.nodes) {
      await answers(node.address, 9000);
      // kube-proxy has what comes from outside; on the node itself it is HAProxy that answers.
      const own = ["ip", "netns", "exec", node.netns, "curl", "-sS", "http://127.0.0.1:9000/"] as const;
      assert.match((await runCommand([...own])).stdout, /^Hello from JDOS/);
    }
  });

  it("a Service that asks for a port of the node's own is refused by an Event, and the node keeps it", async () => {
    await balance("thief", 10_256);
    const { client } = installed.cluster;
    await eventually(async () => {
      const { items } = await client.list(Events, { namespace });
      const found = items.find(({ involvedObject }) => involvedObject.name === "thief");
      assert.equal(found?.reason, "PortUnavailable");
    });
    assert.deepEqual(await balancedAt("thief"), []);
    assert.ok(
      (await fetch(`http://${nodes()[0]}:10256/healthz`)).headers.get("content-type")?.includes("json"),
    );
  });

  it("logs.provider clickhouse: what Pods wrote that are gone is found in a ClickHouse behind a Service", {
    skip: "missing" in clickhouse ? clickhouse.missing : false,
  }, async () => {
    const { client, layout } = installed.cluster;
    const server = await startTestClickHouse("root" in clickhouse ? clickhouse.root : "", layout.host);
    try {
      const port = Number(new URL(server.url).port);
      await client.create(Namespaces, { metadata: { name: "logging" } });
      const metadata = { namespace: "logging", name: "clickhouse" };
      await client.create(Services, { metadata, spec: { ports: [{ port: 8123, targetPort: port }] } });
      await client.create(Endpoints, {
        metadata,
        subsets: [{ addresses: [{ ip: layout.host }], ports: [{ port }] }],
      });
      const credentialsFile = join(layout.directory, "clickhouse-account");
      const logs = { provider: "clickhouse", url: "http://clickhouse.logging.svc:8123", credentialsFile };
      await writeFile(credentialsFile, `${server.user}:wrong`);
      const direct = { logs: { ...logs, url: server.url } };
      await assert.rejects(installed.upgrade(direct), /ClickHouseUnauthorized: .*user "jdos"/);
      await writeFile(credentialsFile, `${server.user}:${server.password}`);
      // The API server passes requests on to Pods alone.
      assert.match(await installed.upgrade({ logs }), /was not asked .* is no Pod/);
      const [{ name } = { name: "" }] = await platform.json<{ name: string }[]>("ps", ...APP);
      await platform.kubectl(["delete", "pod", "-n", namespace, name]);
      await eventually(async () => {
        const text = await platform.say("logs", "--since", "1h", "--pod", name, "--grep", "stopping", ...APP);
        assert.match(text, /stopping/);
      });
      const account = { url: server.url, user: server.user, password: server.password };
      const rows = await new ClickHouse(account).rows<{ pod: string }>(
        `SELECT pod FROM jdos_log_lines WHERE pod = ${literal(name)} AND line = 'stopping'`,
      );
      assert.deepEqual(rows, [{ pod: name }]);
    } finally {
      await server.stop();
    }
  });

  it("routes.provider cluster: another controller's class carries the routes, and deploys do not wait for ours", async () => {
    const controller = await startForeignController(installed.cluster);
    try {
      const { ingressClass, address, port } = controller;
      await installed.upgrade({ routes: { provider: "cluster", ingressClassName: ingressClass, port } });
      await eventually(async () => assert.deepEqual(await said(), ["elsewhere.example.org"]));
      await platform.say("env", "set", "GREETING=Elsewhere", ...APP);
      await answers(address, port);
      assert.equal(await platform.say("open", ...APP), `http://${HOST}:${port}\n`);
      assert.doesNotMatch(await platform.say("status"), /load-balancer/);
    } finally {
      await controller.stop();
    }
  });
});
