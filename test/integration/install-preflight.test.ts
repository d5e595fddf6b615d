import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ClusterRoleBindings,
  ClusterRoles,
  ConfigMaps,
  CustomResourceDefinitions,
  JDOS_DEFINITIONS,
  Namespaces,
} from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import { runCli } from "@jdos/cli/testing";
import { clickhouseRoot, startTestClickHouse, startTestPrometheus } from "@jdos/component-base/testing";
import { type SimulatedCluster, startSimulatedCluster } from "./support/cluster.ts";

const clickhouse = await clickhouseRoot();

const TOKENS = new Map(
  ["nobody", "installer", "giver", "remover"].map((name) => [
    `token-of-${name}`,
    { name, groups: ["system:authenticated"] },
  ]),
);

describe("what jdos install finds out before it changes anything", () => {
  let cluster: SimulatedCluster;
  let images: string;
  before(async () => {
    cluster = await startSimulatedCluster({ options: { staticTokens: TOKENS } });
    images = join(cluster.directory, "images");
    await writeFile(images, '{"images":{"platform":"r/platform@sha256:1","base":"r/base@sha256:2"}}');
  });
  after(() => cluster.stop());

  async function kubeconfig(name: string, server = cluster.server.url): Promise<string> {
    const path = join(cluster.directory, name);
    const ca = Buffer.from(cluster.server.caPem).toString("base64");
    const config = {
      "current-context": "one",
      contexts: [{ name: "one", context: { cluster: "c", user: "u" } }],
      clusters: [
        {
          name: "c",
          cluster: { server, ...(server.startsWith("https") ? { "certificate-authority-data": ca } : {}) },
        },
      ],
      users: [{ name: "u", user: { token: `token-of-${name}` } }],
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  async function refusalOf(path: string, more: readonly string[] = []): Promise<string> {
    const before = cluster.server.revision();
    const ran = await runCli(
      ["install", "--kubeconfig", path, "--registry", "127.0.0.1:5000", "--images", images, ...more],
      undefined,
    );
    assert.equal(ran.exitCode, 1, ran.stdout);
    assert.equal(cluster.server.revision(), before);
    return ran.stderr;
  }

  async function allow(name: string, verbs: string[]): Promise<void> {
    const { client } = cluster;
    const rules = [{ apiGroups: ["*"], resources: ["*"], verbs }];
    await client.create(ClusterRoles, { metadata: { name }, rules });
    await client.create(ClusterRoleBindings, {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
    });
  }

  it("a kubeconfig that may nothing, or too little, is told what is missing", async () => {
    assert.match(
      await refusalOf(await kubeconfig("nobody")),
      /MissingRights: Cannot begin: this kubeconfig may not get, create, patch, delete namespaces; .* and \d+ more\nhint: /,
    );
    await allow("installer", ["get", "list"]);
    assert.match(
      await refusalOf(await kubeconfig("installer")),
      /MissingRights: Cannot begin: this kubeconfig may not create, patch, delete namespaces; .* and \d+ more\nhint: /,
    );
  });

  it("a kubeconfig that may not give away the parts' rights is told whose", async () => {
    await allow("giver", ["get", "list", "create", "patch", "delete"]);
    assert.match(
      await refusalOf(await kubeconfig("giver")),
      /MissingRights: Cannot begin: this kubeconfig may not give away what ClusterRole jdos-[a-z-]+ allows\nhint: /,
    );
  });

  it("a cluster older than 1.20 is named with its version", async () => {
    const old = createServer((_request, response) =>
      response.end('{"major":"1","minor":"19+","gitVersion":"v1.19.16"}'),
    );
    await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
    after(() => old.close().closeAllConnections());
    const path = await kubeconfig("old", `http://127.0.0.1:${(old.address() as AddressInfo).port}`);
    assert.match(
      await refusalOf(path),
      /^ClusterTooOld: .*Kubernetes v1\.19\.16, and 1\.20 is the oldest.*\nhint: /,
    );
  });

  it("definitions of somebody else are not taken over", async () => {
    const [definition] = JDOS_DEFINITIONS;
    await cluster.client.create(CustomResourceDefinitions, definition!);
    const name = definition!.metadata?.name ?? "";
    while (
      !isConditionTrue(
        (await cluster.client.get(CustomResourceDefinitions, { name })).status?.conditions,
        "Established",
      )
    )
      await sleep(20);
    assert.match(
      await refusalOf(cluster.server.adminKubeconfig),
      new RegExp(
        `NameTaken: .*CustomResourceDefinition ${name} exists and was not put there by jdos install\\nhint: `,
      ),
    );
    await cluster.client.patch(
      CustomResourceDefinitions,
      { name },
      {
        type: "merge",
        body: { metadata: { labels: { "jdos.io/installation": "other" } } },
      },
    );
    assert.match(
      await refusalOf(cluster.server.adminKubeconfig),
      /NameTaken: .*belongs to installation other\nhint: /,
    );
    await cluster.client.delete(CustomResourceDefinitions, { name });
  });

  it("a Prometheus that is away, is none, or lets nobody in is named with what it answered", async () => {
    const foreign = await startTestPrometheus({
      config: "scrape_configs: []\n",
      // The hash of "pass:word".
      web: 'basic_auth_users:\n  ann: "$2b$04$jdosjdosjdosjdosjdosjexcaNzFoDpZLA.zABnk/sp/UEeBZjJZa"\n',
    });
    after(() => foreign.stop());
    const page = createServer((_request, response) => response.end("<html>"));
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    after(() => page.close().closeAllConnections());
    const pageUrl = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const account = join(cluster.directory, "account");
    const valuesWith = async (metrics: string): Promise<string[]> => {
      const file = join(cluster.directory, "values.yaml");
      await writeFile(file, `metrics:\n  provider: prometheus\n${metrics}\n`);
      return ["--values", file];
    };
    const refused = async (metrics: string, expected: RegExp): Promise<void> => {
      assert.match(await refusalOf(cluster.server.adminKubeconfig, await valuesWith(metrics)), expected);
    };
    await refused(
      "  url: http://127.0.0.1:1",
      /PrometheusUnreachable: .*ECONNREFUSED.*metrics\.url.*\nhint: /,
    );
    await refused(
      `  url: ${pageUrl}`,
      /NotPrometheus: .*it answered 200, and not as Prometheus does.*\nhint: /,
    );
    await refused(
      `  url: ${foreign.url}`,
      /PrometheusUnauthorized: .*it answered 401.*\nhint: Give it a token/,
    );
    await writeFile(account, "ann:wrong");
    const login = `  url: ${foreign.url}\n  basicAuthFile: account`;
    await refused(login, /PrometheusUnauthorized: /);
    await writeFile(account, "no password");
    await refused(login, /ValuesInvalid: .*metrics\.basicAuthFile: .*\nhint: .*USER:PASSWORD/);
    // A Service of the cluster is asked through the API server.
    await refused("  url: http://prometheus.monitoring.svc:9090", /PrometheusUnreachable: .*not found/);
    await writeFile(account, "ann:pass:word");
    const ran = await runCli(
      [
        ...["install", "--dry-run", "--kubeconfig", cluster.server.adminKubeconfig, "--images", images],
        ...["--registry", "127.0.0.1:5000", ...(await valuesWith(login))],
      ],
      undefined,
    );
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.ok(ran.stdout.includes(`--metrics-url=${foreign.url}`));
    assert.ok(
      !ran.stdout.includes("pass:word") &&
        !/kind: Deployment\n *metadata:\n *name: prometheus/.test(ran.stdout),
    );
  });

  it("a ClickHouse that is away, is none, is too old, or lets nobody write is named with what it answered", {
    skip: "missing" in clickhouse ? clickhouse.missing : false,
  }, async () => {
    const real = await startTestClickHouse("root" in clickhouse ? clickhouse.root : "");
    after(() => real.stop());
    let version = "<html>";
    const other = createServer((_request, response) => response.end(version));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    after(() => other.close().closeAllConnections());
    const otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const valuesWith = async (logs: string): Promise<string[]> => {
      const file = join(cluster.directory, "values.yaml");
      await writeFile(file, `logs:\n  provider: clickhouse\n${logs}\n`);
      return ["--values", file];
    };
    const refused = async (logs: string, expected: RegExp): Promise<void> => {
      assert.match(await refusalOf(cluster.server.adminKubeconfig, await valuesWith(logs)), expected);
    };
    await refused(
      "  url: http://127.0.0.1:1",
      /ClickHouseUnreachable: .*ECONNREFUSED.*\(logs\.url\)\nhint: /,
    );
    await refused(`  url: ${otherUrl}`, /NotClickHouse: .*\nhint: .*8123/);
    version = "1.1.54390\n";
    await refused(`  url: ${otherUrl}`, /ClickHouseTooOld: .*version 1\.1\.54390.*\nhint: /);
    const account = join(cluster.directory, "account");
    const login = `  url: ${real.url}\n  credentialsFile: account`;
    await writeFile(account, `${real.user}:wrong`);
    await refused(login, /ClickHouseUnauthorized: .*does not take user "jdos".*\nhint: /);
    await writeFile(account, `${real.reader.user}:${real.reader.password}`);
    await refused(login, /ClickHouseRefused: .*user "reader" may only read.*\nhint: .*CREATE TABLE/);
    await writeFile(account, `${real.user}:${real.password}`);
    await refused(`${login}\n  database: nowhere`, /ClickHouseRefused: .*nowhere/);
    await writeFile(account, "no password");
    await refused(login, /ValuesInvalid: .*logs\.credentialsFile: .*\nhint: .*USER:PASSWORD/);
    // A Service of the cluster is asked through the API server.
    await refused("  url: http://clickhouse.logging.svc:8123", /ClickHouseUnreachable: .*not found/);
    await writeFile(account, `${real.user}:${real.password}`);
    const { exitCode, stdout, stderr } = await runCli(
      [
        ...["install", "--dry-run", "--kubeconfig", cluster.server.adminKubeconfig, "--images", images],
        ...["--registry", "127.0.0.1:5000", ...(await valuesWith(login))],
      ],
      undefined,
    );
    assert.equal(exitCode, 0, stderr);
    assert.ok(stdout.includes(`--clickhouse-url=${real.url}`));
    assert.ok(!stdout.includes(Buffer.from(real.password).toString("base64")));
  });

  it("uninstall with too few rights says so before it notes that it began", async () => {
    const metadata = { name: "installation", namespace: "jdos-system" };
    await cluster.client.create(Namespaces, { metadata: { name: "jdos-system" } });
    const objects = [{ apiVersion: "v1", kind: "Namespace", name: "jdos-system" }];
    const installation = { id: "x", state: "Installed", objects };
    await cluster.client.create(ConfigMaps, {
      metadata,
      data: { "installation.json": JSON.stringify(installation) },
    });
    const before = cluster.server.revision();
    const ran = await runCli(
      ["uninstall", "--applications", "keep", "--kubeconfig", await kubeconfig("installer")],
      undefined,
    );
    assert.match(
      ran.stderr,
      /^MissingRights: Cannot begin: this kubeconfig may not delete namespaces\nhint: /,
    );
    assert.equal(cluster.server.revision(), before);
  });

  it("uninstall that may remove the platform and not let go of applications says so first", async () => {
    await allow("remover", ["get", "list", "delete"]);
    const path = await kubeconfig("remover");
    const before = cluster.server.revision();
    const ran = await runCli(["uninstall", "--applications", "keep", "--kubeconfig", path], undefined);
    assert.match(
      ran.stderr,
      /^MissingRights: Cannot begin: this kubeconfig may not patch systems\.jdos\.io; patch applications\.jdos\.io in every namespace; .*\nhint: /,
    );
    assert.equal(cluster.server.revision(), before);
    await cluster.client.delete(ConfigMaps, { name: "installation", namespace: "jdos-system" });
  });

  it("a cluster whose uninstall was broken off is told to end that", async () => {
    const metadata = { name: "installation", namespace: "jdos-system" };
    await cluster.client.create(ConfigMaps, {
      metadata,
      data: { "installation.json": '{"id":"x","state":"Uninstalling","objects":[]}' },
    });
    assert.match(
      await refusalOf(cluster.server.adminKubeconfig),
      /^Uninstalling: .*\nhint: .*--applications/,
    );
  });
});
