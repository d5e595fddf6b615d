import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  Applications,
  ClusterRoles,
  ConfigMaps,
  CustomResourceDefinitions,
  DaemonSets,
  Deployments,
  Endpoints,
  Namespaces,
  PodDisruptionBudgets,
  RoleBindings,
  Secrets,
  Services,
  Systems,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { runCli } from "@jdos/cli/testing";
import { startTestPrometheus } from "@jdos/component-base/testing";
import { parseAllDocuments } from "yaml";
import { type SimulatedCluster, startSimulatedCluster } from "./support/cluster.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const OTHER = `sha256:${"b".repeat(64)}`;

describe("jdos install, upgrade, uninstall", () => {
  let cluster: SimulatedCluster;
  before(async () => {
    cluster = await startSimulatedCluster();
  });
  after(() => cluster.stop());

  const jdos = (...args: string[]) =>
    runCli([...args, "--kubeconfig", cluster.server.adminKubeconfig], undefined);
  const images = async (digest: string): Promise<string[]> => {
    const file = join(cluster.directory, `images-${digest.slice(7, 9)}`);
    const at = (name: string) => `127.0.0.1:5000/jdos/${name}@${digest}`;
    await writeFile(file, JSON.stringify({ images: { platform: at("platform"), base: at("base") } }));
    return ["--images", file];
  };
  const registry = ["--registry", "127.0.0.1:5000/team", "--registry-url", "http://127.0.0.1:5000"];
  const gone = async (work: Promise<unknown>) => {
    await assert.rejects(work, (error) => isStatus(error, "NotFound"));
  };

  it("install --dry-run prints what would be applied and changes nothing", async () => {
    const before = cluster.server.revision();
    const { stdout, stderr, exitCode } = await jdos("install", ...registry, "--dry-run");
    assert.equal(exitCode, 0, stderr);
    const names = parseAllDocuments(stdout).map((document) => {
      const { kind, metadata } = document.toJS() as { kind: string; metadata: { name: string } };
      return `${kind} ${metadata.name}`;
    });
    for (const name of [
      "CustomResourceDefinition systems.jdos.io",
      "Deployment platform-api",
      "Secret platform-api-admin",
    ])
      assert.ok(names.includes(name), `${name} is missing`);
    assert.match(stdout, /image: 127\.0\.0\.1:5000\/team\/jdos\/platform:/);
    assert.equal(cluster.server.revision(), before);
  });

  it("upgrade of a cluster without the platform says to install it", async () => {
    assert.match((await jdos("upgrade", ...registry)).stderr, /^NotInstalled: .*\nhint: Install it/);
  });

  it("install refuses a registry that takes no push before it changes anything", async () => {
    const refusing = createServer((_request, response) => response.writeHead(403).end());
    after(() => refusing.close().closeAllConnections());
    await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const before = cluster.server.revision();
    const refused = await jdos("install", "--registry", "127.0.0.1:5000/team", "--registry-url", url);
    assert.match(
      refused.stderr,
      /RegistryRefused: .*takes no push to "team\/jdos\/platform" without a login\nhint: /,
    );
    const away = await jdos("install", "--registry", `127.0.0.1:${await closedPort()}/team`);
    assert.match(away.stderr, /RegistryUnreachable: .*nothing listens there \(ECONNREFUSED\)\nhint: /);
    assert.equal(cluster.server.revision(), before);
  });

  it("install puts everything there, and is ready when it says so", async () => {
    const { exitCode, stdout, stderr } = await jdos(
      "install",
      ...registry,
      ...(await images(DIGEST)),
      "-o",
      "json",
    );
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /preflight[\s\S]*definitions[\s\S]*rights[\s\S]*parts/);
    const { id, state } = JSON.parse(stdout) as { id: string; state: string };
    assert.equal(state, "Installed");
    const { client } = cluster;
    for (const name of ["platform-api", "platform-controllers", "load-balancer"]) {
      const deployment = await client.get(Deployments, { namespace: "jdos-system", name });
      assert.equal(deployment.status?.availableReplicas, 2, name);
      assert.equal(deployment.metadata.labels?.["jdos.io/installation"], id);
      assert.ok(await client.get(PodDisruptionBudgets, { namespace: "jdos-system", name }));
    }
    const roles = await client.list(ClusterRoles, { labelSelector: "jdos.io/installation" });
    for (const { metadata, rules = [] } of roles.items)
      assert.ok(
        !rules.some(({ verbs, resources = [] }) => verbs.includes("*") || resources.includes("*")),
        metadata.name,
      );
  });

  it("a second install says to upgrade, and an upgrade keeps the token, the values and what runs", async () => {
    const again = await jdos("install", ...registry, ...(await images(DIGEST)));
    assert.match(again.stderr, /AlreadyInstalled: .*\nhint: .*jdos upgrade/);
    const { client } = cluster;
    await client.create(Systems, { metadata: { name: "demo" }, spec: {} });
    const token = () => client.get(Secrets, { namespace: "jdos-system", name: "platform-api-admin" });
    const before = await token();
    const upgraded = await jdos("upgrade", ...(await images(OTHER)));
    assert.equal(upgraded.exitCode, 0, upgraded.stderr);
    assert.deepEqual((await token()).data, before.data);
    const { spec } = await client.get(Deployments, {
      namespace: "jdos-system",
      name: "platform-controllers",
    });
    const [container] = spec?.template.spec?.containers ?? [];
    assert.equal(container?.image, `127.0.0.1:5000/jdos/platform@${OTHER}`);
    assert.ok(container?.args?.includes("--registry=127.0.0.1:5000/team"));
    assert.ok(await client.get(Systems, { name: "demo" }));
    const generations = async () =>
      (await client.list(Deployments, { namespace: "jdos-system" })).items.map(
        ({ metadata }) => metadata.generation,
      );
    const settled = await generations();
    assert.equal((await jdos("upgrade", ...(await images(OTHER)))).exitCode, 0);
    assert.deepEqual(await generations(), settled, "an upgrade to the same restarts nothing");
  });

  it("an upgrade to other values removes what they no longer want", async () => {
    const values = join(cluster.directory, "values.yaml");
    await writeFile(values, "routes:\n  provider: cluster\n  ingressClassName: nginx\n");
    const missing = await jdos("upgrade", "--values", values, ...registry, ...(await images(OTHER)));
    assert.match(
      missing.stderr,
      /ValuesInvalid: .*routes\.ingressClassName: the cluster has no IngressClass "nginx"/,
    );
    await writeFile(values, "routes:\n  provider: cluster\n  ingressClassName: jdos\n");
    const changed = await jdos("upgrade", "--values", values, ...registry, ...(await images(OTHER)));
    assert.equal(changed.exitCode, 0, changed.stderr);
    await gone(cluster.client.get(Deployments, { namespace: "jdos-system", name: "load-balancer" }));
    await gone(cluster.client.get(ClusterRoles, { name: "jdos-load-balancer" }));
  });

  it("an upgrade to a foreign Prometheus takes JDOS's own away, and the platform API asks the other", async () => {
    const { client } = cluster;
    const own = { namespace: "jdos-system", name: "prometheus" };
    const access = { namespace: "jdos-system", name: "metrics-access" };
    assert.ok(await client.get(Deployments, own));
    const before = (await client.get(Secrets, access)).data;
    assert.equal(before?.username, Buffer.from("jdos").toString("base64"));
    const foreign = await startTestPrometheus({ config: "scrape_configs: []\n" });
    after(() => foreign.stop());
    const values = join(cluster.directory, "values.yaml");
    await writeFile(values, `metrics:\n  provider: prometheus\n  url: ${foreign.url}\n`);
    const changed = await jdos("upgrade", "--values", values, ...registry, ...(await images(OTHER)));
    assert.equal(changed.exitCode, 0, changed.stderr);
    await gone(client.get(Deployments, own));
    await gone(client.get(Services, own));
    await gone(client.get(Secrets, access));
    await gone(client.get(ClusterRoles, { name: "jdos-prometheus" }));
    const { spec } = await client.get(Deployments, { namespace: "jdos-system", name: "platform-api" });
    const args = spec?.template.spec?.containers[0]?.args ?? [];
    assert.deepEqual(
      args.filter((arg) => arg.startsWith("--metrics")),
      [`--metrics-url=${foreign.url}`],
    );
  });

  it("an upgrade moves the logs from JDOS's own store into a ClickHouse, whose account stays, and to none", async () => {
    const { client } = cluster;
    const server = { namespace: "jdos-system", name: "log-server" };
    const keys = { namespace: "jdos-system", name: "log-server-keys" };
    const account = { namespace: "jdos-system", name: "clickhouse-access" };
    const collector = { namespace: "jdos-system", name: "log-collector" };
    const args = async (name: string, flag: string) => {
      const { spec } = await client.get(Deployments, { namespace: "jdos-system", name });
      return (spec?.template.spec?.containers[0]?.args ?? []).filter((arg) => arg.startsWith(flag));
    };
    assert.ok(await client.get(DaemonSets, collector));
    assert.equal((await args("log-server", "--data-directory")).length, 1);
    const made = (await client.get(Secrets, keys)).data ?? {};
    assert.deepEqual(Object.keys(made).sort(), ["read", "write"]);
    assert.notEqual(made.read, made.write);

    const clickhouse = await startAnswering("21.8.1\n", "0\n");
    const values = join(cluster.directory, "values.yaml");
    const file = join(cluster.directory, "clickhouse");
    await writeFile(file, "ann:pass:word\n");
    const logs = `logs:\n  provider: clickhouse\n  url: ${clickhouse.url}\n  database: jdos\n`;
    await writeFile(values, `${logs}  credentialsFile: clickhouse\n`);
    const upgrade = async (): Promise<string> => {
      const { exitCode, stdout, stderr } = await jdos(
        "upgrade",
        ...["--values", values],
        ...registry,
        ...(await images(OTHER)),
      );
      assert.equal(exitCode, 0, stderr);
      return stdout;
    };
    await upgrade();
    assert.deepEqual(await args("log-server", "--clickhouse"), [
      `--clickhouse-url=${clickhouse.url}`,
      "--clickhouse-database=jdos",
      "--clickhouse-access=/etc/jdos/clickhouse",
    ]);
    assert.equal((await args("log-server", "--data-directory")).length, 0);
    assert.deepEqual(clickhouse.accounts, ["ann pass:word jdos", "ann pass:word jdos"]);
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const kept = { username: base64("ann"), password: base64("pass:word") };
    assert.deepEqual((await client.get(Secrets, account)).data, kept);
    const { data = {} } = await client.get(ConfigMaps, { namespace: "jdos-system", name: "installation" });
    assert.ok(!JSON.stringify(data).includes("pass:word") && !JSON.stringify(data).includes(file));

    // Without the file, as an upgrade on another machine is.
    await writeFile(values, logs);
    await upgrade();
    assert.deepEqual((await client.get(Secrets, account)).data, kept);
    assert.deepEqual((await client.get(Secrets, keys)).data, made);

    // Outside of the cluster, behind a Service without a selector.
    const elsewhere = { namespace: "default", name: "clickhouse" };
    await client.create(Services, { metadata: elsewhere, spec: { ports: [{ port: 8123 }] } });
    const subsets = [{ addresses: [{ ip: "192.0.2.1" }], ports: [{ port: 8123 }] }];
    await client.create(Endpoints, { metadata: elsewhere, subsets });
    await writeFile(values, logs.replace(clickhouse.url, "http://clickhouse.default.svc:8123"));
    assert.match(
      await upgrade(),
      /ClickHouse at http:\/\/clickhouse\.default\.svc:8123 was not asked .* is no Pod/,
    );

    await writeFile(values, "logs:\n  provider: none\n");
    await upgrade();
    for (const key of [keys, account]) await gone(client.get(Secrets, key));
    await gone(client.get(Deployments, server));
    await gone(client.get(Services, server));
    await gone(client.get(DaemonSets, collector));
    await gone(client.get(ClusterRoles, { name: "jdos-log-collector" }));
    assert.deepEqual(await args("platform-api", "--log-"), []);
  });

  it("uninstall asks what becomes of applications", async () => {
    assert.match((await jdos("uninstall")).stderr, /^Usage: .*--applications/);
  });

  it("uninstall --applications keep leaves what runs, and nothing of its own", async () => {
    const { client } = cluster;
    const system = await client.get(Systems, { name: "demo" });
    const owner = (object: { apiVersion: string; kind: string; metadata: { name: string; uid: string } }) => [
      {
        apiVersion: object.apiVersion,
        kind: object.kind,
        name: object.metadata.name,
        uid: object.metadata.uid,
        controller: true,
      },
    ];
    await client.create(Namespaces, { metadata: { name: "demo", ownerReferences: owner(system) } });
    const application = await client.create(Applications, {
      metadata: { name: "hello", namespace: "demo", finalizers: ["jdos.io/test"] },
      spec: { source: { image: { reference: "i" } } },
    } as never);
    const labels = { app: "hello" };
    const metadata = { name: "hello", namespace: "demo", ownerReferences: owner(application) };
    const container = { name: "web", image: "i" };
    await client.create(Deployments, {
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    });
    await client.create(Services, { metadata, spec: { selector: labels, ports: [{ port: 80 }] } });
    await client.create(RoleBindings, {
      metadata: { name: "jdos-system-owner", namespace: "demo", ownerReferences: owner(system) },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "jdos-system-owner" },
      subjects: [],
    });
    const { uid } = (await client.get(Deployments, { namespace: "demo", name: "hello" })).metadata;
    const removed = await jdos("uninstall", "--applications", "keep");
    assert.equal(removed.exitCode, 0, removed.stderr);
    await leavesNothing();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const kept = await client.get(Deployments, { namespace: "demo", name: "hello" });
    assert.deepEqual(
      [kept.metadata.uid, kept.metadata.ownerReferences ?? [], kept.status?.availableReplicas],
      [uid, [], 1],
    );
    assert.ok(await client.get(Services, { namespace: "demo", name: "hello" }));
    await gone(client.get(RoleBindings, { namespace: "demo", name: "jdos-system-owner" }));
    const again = await jdos("uninstall", "--applications", "keep");
    assert.deepEqual([again.exitCode, again.stdout.includes("has nothing of JDOS")], [0, true], again.stderr);
  });

  /** A server that answers each request with the next text, again from the first, and notes as whom it was asked. */
  async function startAnswering(...texts: string[]): Promise<{ url: string; accounts: string[] }> {
    const accounts: string[] = [];
    const server = createServer(({ url = "/", headers }, response) => {
      const database = new URL(url, "http://clickhouse").searchParams.get("database");
      accounts.push(`${headers["x-clickhouse-user"]} ${headers["x-clickhouse-key"]} ${database}`);
      response.end(texts[(accounts.length - 1) % texts.length]);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    after(() => server.close().closeAllConnections());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, accounts };
  }

  async function closedPort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  async function leavesNothing(): Promise<void> {
    const { client } = cluster;
    await gone(client.get(Namespaces, { name: "jdos-system" }));
    const label = { labelSelector: "jdos.io/installation" };
    assert.deepEqual((await client.list(ClusterRoles, label)).items, []);
    assert.deepEqual((await client.list(CustomResourceDefinitions, label)).items, []);
    await gone(client.get(ConfigMaps, { namespace: "jdos-system", name: "installation" }));
  }
});
