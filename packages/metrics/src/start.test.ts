import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Namespaces, Nodes, type Pod, Pods, ServiceAccounts } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import type { Running } from "@jdos/component-base";
import {
  eventually,
  silentLogger,
  startTestExposition,
  startTestPrometheus,
} from "@jdos/component-base/testing";
import { start } from "./start.ts";
import type { TargetGroup } from "./targets.ts";
import { readManifest } from "./testing/read-manifest.ts";

describe("targets of Prometheus", () => {
  let server: TestServer;
  let client: Client;
  let directory: string;
  let running: Running;

  before(async () => {
    server = await startTestServer();
    client = server.adminClient();
    directory = await mkdtemp(join(tmpdir(), "jdos-metrics-"));
    for (const name of ["jdos-system", "demo"]) {
      await client.create(Namespaces, { metadata: { name } });
      await client.create(ServiceAccounts, { metadata: { name: "default", namespace: name } });
    }
    running = await begin();
  });
  after(async () => {
    await running?.stop();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** By the rights that the manifest gives, and no more. */
  async function begin(): Promise<Running> {
    for (const { type, object } of await readManifest("metrics-rbac.yaml"))
      await client.create(type, object).catch((error: unknown) => {
        // From a test before.
        if (!isStatus(error, "AlreadyExists")) throw error;
      });
    const account = server.clientFor({ name: "system:serviceaccount:jdos-system:prometheus" });
    return start({ client: account, log: silentLogger(), directory });
  }

  async function run(
    name: string,
    annotations: Record<string, string>,
    more: Partial<Pod> = {},
  ): Promise<void> {
    const { namespace = "demo", labels = {} } = more.metadata ?? {};
    const spec = { containers: [{ name: "main", image: "i", ports: [{ containerPort: 3000 }] }] };
    const pod = await client.create(Pods, { metadata: { name, namespace, labels, annotations }, spec });
    const status = { phase: "Running", podIP: "10.0.0.7", ...more.status };
    await client.update(Pods, { ...pod, status } as never, { subresource: "status" });
  }

  async function untilSays(file: string, expected: readonly TargetGroup[]): Promise<void> {
    await eventually(async () =>
      assert.deepEqual(JSON.parse(await readFile(join(directory, `${file}.json`), "utf8")), expected),
    );
  }

  it("start() finds kubelets, and Pods that ask for it by the usual annotations", async () => {
    await untilSays("kubelets", []);
    const node = await client.create(Nodes, { metadata: { name: "one" } });
    await client.update(
      Nodes,
      {
        ...node,
        status: {
          addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
          daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
        },
      } as never,
      { subresource: "status" },
    );
    await untilSays("kubelets", [{ targets: ["10.0.0.1:10250"], labels: { node: "one" } }]);

    const scrape = { "prometheus.io/scrape": "true" };
    await run("a", scrape, { metadata: { labels: { "jdos.io/application": "shop" } } });
    await run(
      "b",
      { ...scrape, "prometheus.io/port": "9100", "prometheus.io/path": "/m" },
      {
        status: { podIP: "fd00::1" } as never,
      },
    );
    await run("no-number", { ...scrape, "prometheus.io/port": "x" });
    await run("asks-not", { "prometheus.io/port": "9100" });
    await run("not-yet", scrape, { status: { phase: "Pending" } as never });
    await run(
      "part",
      { ...scrape, "prometheus.io/port": "8081" },
      { metadata: { namespace: "jdos-system" } },
    );
    await untilSays("applications", [
      { targets: ["[fd00::1]:9100"], labels: { namespace: "demo", pod: "b", __metrics_path__: "/m" } },
      { targets: ["10.0.0.7:3000"], labels: { namespace: "demo", pod: "a", application: "shop" } },
    ]);
    await untilSays("platform", [
      { targets: ["10.0.0.7:8081"], labels: { namespace: "jdos-system", pod: "part" } },
    ]);
  });

  it("start() begins again after a kill with what there is, and forgets what is gone", async () => {
    await running.stop();
    await client.delete(Pods, { namespace: "demo", name: "b" }, { gracePeriodSeconds: 0 });
    running = await begin();
    await untilSays("applications", [
      { targets: ["10.0.0.7:3000"], labels: { namespace: "demo", pod: "a", application: "shop" } },
    ]);
  });

  it("the configuration lets no application speak for the platform, in a real Prometheus", async () => {
    const forged = await startTestExposition(
      () =>
        'jdos_http_requests_total{system="victim"} 1e9\ncontainer_memory_rss{namespace="victim"} 1\norders 5\n',
    );
    const [config] = await readManifest("metrics-config.yaml");
    const { data } = config!.object as unknown as { data: Record<string, string> };
    const { port } = new URL(`http://${forged.address}`);
    await run(
      "forger",
      { "prometheus.io/scrape": "true", "prometheus.io/port": port },
      {
        metadata: { labels: { "jdos.io/application": "forger" } },
        status: { podIP: "127.0.0.1" } as never,
      },
    );
    const text = data["prometheus.yml"]!.replaceAll("/run/jdos/metrics", directory)
      .replace("scrape_interval: 15s", "scrape_interval: 1s")
      .replaceAll(/scrape_timeout: \d+s/g, "scrape_timeout: 1s");
    const prometheus = await startTestPrometheus({ config: text });
    try {
      const query = async (expression: string) => {
        const url = `${prometheus.url}/api/v1/query?query=${encodeURIComponent(expression)}`;
        const answer = (await (await fetch(url)).json()) as { data: { result: { metric: object }[] } };
        return answer.data.result.map(({ metric }) => metric);
      };
      const deadline = Date.now() + 30_000;
      let found = await query("orders");
      while (found.length === 0 && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        found = await query("orders");
      }
      const [{ application, namespace, pod } = {}] = found as Record<string, string>[];
      assert.deepEqual([namespace, pod, application], ["demo", "forger", "forger"]);
      assert.deepEqual(await query('{__name__=~"jdos_.*|container_.*"}'), []);
    } finally {
      await prometheus.stop();
      await forged.stop();
    }
  });
});
