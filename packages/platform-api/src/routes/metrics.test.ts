import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type ApiError,
  type ApplicationMetrics,
  Applications,
  type ApplicationUsage,
  type ApplicationUsageDetail,
  ClusterRoles,
  type ListOf,
  Namespaces,
  Pods,
  ReplicaSets,
  RoleBindings,
  ServiceAccounts,
  Systems,
} from "@jdos/api";
import type { Client } from "@jdos/client";
import {
  startTestExposition,
  startTestPrometheus,
  type TestExposition,
  type TestPrometheus,
} from "@jdos/component-base/testing";
import { startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";

const VERA = "vera-views-system-demo";
const STAN = "stan-views-no-system-at-all";
const USERS = [
  { name: "vera", groups: ["system:authenticated"], token: VERA },
  { name: "stan", groups: ["system:authenticated"], token: STAN },
];
const SCRAPE_SECONDS = 1;

/** What kubelets and the load balancer would tell of a moment; counters grow with time. */
function exposition(startedAt: number): string {
  const seconds = (Date.now() - startedAt) / 1000;
  const pod = (
    namespace: string,
    name: string,
    { cores, mebibytes }: { cores: number; mebibytes: number },
  ) => {
    const labels = `namespace="${namespace}",pod="${name}"`;
    return [
      `container_cpu_usage_seconds_total{container="main",${labels}} ${seconds * cores}`,
      // cAdvisor tells of the Pod as a whole, and of its sandbox, too.
      `container_cpu_usage_seconds_total{container="",${labels}} ${seconds * cores}`,
      `container_cpu_usage_seconds_total{container="POD",${labels}} ${seconds * cores}`,
      `container_memory_working_set_bytes{container="main",${labels}} ${mebibytes * 1024 * 1024}`,
      `container_network_receive_bytes_total{interface="eth0",${labels}} ${seconds * 1000}`,
      `container_network_transmit_bytes_total{interface="eth0",${labels}} ${seconds * 2000}`,
    ];
  };
  const requests = (system: string, application: string, perSecond: number) => {
    const labels = `system="${system}",application="${application}"`;
    const bucket = `jdos_http_request_duration_seconds_bucket{${labels}`;
    return [
      `jdos_http_requests_total{${labels},code="2xx"} ${seconds * perSecond * 0.75}`,
      `jdos_http_requests_total{${labels},code="5xx"} ${seconds * perSecond * 0.25}`,
      `${bucket},le="0.1"} ${seconds * perSecond * 0.5}`,
      `${bucket},le="1"} ${seconds * perSecond}`,
      `${bucket},le="+Inf"} ${seconds * perSecond}`,
    ];
  };
  return `${[
    ...pod("demo", "hello-7d9f8-aaaaa", { cores: 0.2, mebibytes: 50 }),
    ...pod("demo", "hello-7d9f8-bbbbb", { cores: 0.3, mebibytes: 70 }),
    // One that is gone, of the same ReplicaSet; a build's; and those of others.
    ...pod("demo", "hello-7d9f8-zzzzz", { cores: 1, mebibytes: 10 }),
    ...pod("demo", "hello-b2-ccccc", { cores: 50, mebibytes: 5000 }),
    ...pod("demo", "hello-web-7d9f8-ddddd", { cores: 40, mebibytes: 4000 }),
    ...pod("secret", "hello-7d9f8-aaaaa", { cores: 9, mebibytes: 900 }),
    ...requests("demo", "hello", 40),
    ...requests("secret", "hello", 1000),
  ].join("\n")}\n`;
}

describe("metrics of applications", () => {
  let target: TestExposition;
  let prometheus: TestPrometheus;
  let platform: TestPlatform;

  before(async () => {
    const startedAt = Date.now();
    target = await startTestExposition(() => exposition(startedAt));
    const scrape = `job_name: test, honor_labels: true, static_configs: [{ targets: ["${target.address}"] }]`;
    prometheus = await startTestPrometheus({
      config: `global: { scrape_interval: ${SCRAPE_SECONDS}s }\nscrape_configs: [{ ${scrape} }]\n`,
    });
    platform = await startTestPlatform({ users: USERS, metrics: { url: prometheus.url } });
    await makeWorld(platform.client);
  });
  after(async () => {
    await platform?.stop();
    await prometheus?.stop();
    await target?.stop();
  });

  const get = async <T>(path: string, token?: string): Promise<{ status: number; body: T & ApiError }> => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await platform.call("GET", `/api/v1${path}`, undefined, headers)) as never;
  };

  /** Asks until the first rates are there. */
  async function measured<T>(path: string, is: (body: T) => boolean): Promise<T> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const { status, body } = await get<T>(path, VERA);
      assert.equal(status, 200, JSON.stringify(body));
      if (is(body)) return body;
      if (Date.now() > deadline) throw new Error(`Not measured: ${JSON.stringify(body)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  it("GET systemUsage tells what each application of the system uses, and of no other", async () => {
    const { items } = await measured<ListOf<ApplicationUsage>>(
      "/systems/demo/usage",
      ({ items: [hello] }) => hello?.cpuCores !== undefined && hello.p99Seconds !== undefined,
    );
    const [hello, idle] = items;
    assert.deepEqual(
      items.map(({ system, application, pods, readyPods }) => [system, application, pods, readyPods]),
      [
        ["demo", "hello", 2, 1],
        ["demo", "idle", 0, 0],
      ],
    );
    near(hello!.cpuCores, 0.5);
    assert.equal(hello!.memoryBytes, 120 * 1024 * 1024);
    near(hello!.requestsPerSecond, 40);
    near(hello!.errorShare, 0.25);
    near(hello!.p50Seconds, 0.1);
    assert.ok(hello!.p99Seconds! > 0.9 && hello!.p99Seconds! <= 1);
    // What nobody measured is no zero.
    assert.deepEqual(Object.keys(idle!).sort(), ["application", "pods", "readyPods", "system"]);
  });

  it("GET usage tells each Pod's", async () => {
    const { items, ...all } = await measured<ApplicationUsageDetail>(
      "/systems/demo/apps/hello/usage",
      ({ items: [first] }) => first?.sentBytesPerSecond !== undefined,
    );
    near(all.cpuCores, 0.5);
    assert.deepEqual(
      items.map(({ pod, ready, memoryBytes }) => [pod, ready, memoryBytes]),
      [
        ["hello-7d9f8-aaaaa", true, 50 * 1024 * 1024],
        ["hello-7d9f8-bbbbb", false, 70 * 1024 * 1024],
      ],
    );
    near(items[0]?.receivedBytesPerSecond, 1000);
    near(items[0]?.sentBytesPerSecond, 2000);
  });

  it("GET metrics tells a time back, with Pods of the application that are gone", async () => {
    const path = "/systems/demo/apps/hello/metrics?sinceSeconds=60&stepSeconds=15";
    const last = ({ series }: ApplicationMetrics, name: string) =>
      series.find(({ metric }) => metric === name)?.points.at(-1)?.[1];
    const metrics = await measured<ApplicationMetrics>(path, (body) => last(body, "cpuCores") !== undefined);
    assert.deepEqual(
      metrics.series.map(({ metric }) => metric),
      ["cpuCores", "memoryBytes", "pods", "requestsPerSecond", "errorShare", "p50Seconds", "p99Seconds"],
    );
    assert.deepEqual([metrics.stepSeconds, metrics.series[0]!.points.length <= 5], [15, true]);
    // The rate of what began within its window is less than it seems to be.
    assert.ok(last(metrics, "cpuCores")! > 0 && last(metrics, "cpuCores")! < 1.6);
    assert.equal(last(metrics, "memoryBytes"), 130 * 1024 * 1024);
    assert.equal(last(metrics, "pods"), 3);
    const many = await get("/systems/demo/apps/hello/metrics?sinceSeconds=86400&stepSeconds=15");
    assert.deepEqual([many.status, many.body.code, many.body.field], [422, "Invalid", "stepSeconds"]);
    const odd = await get("/systems/demo/apps/hello/metrics?query=up");
    assert.deepEqual([odd.status, odd.body.field], [422, "query"]);
  });

  it("shows nobody what is another's", async () => {
    for (const path of [
      "/systems/secret/usage",
      "/systems/secret/apps/hello/usage",
      "/systems/secret/apps/hello/metrics",
    ])
      for (const token of [VERA, STAN]) {
        const { status, body } = await get(path, token);
        assert.deepEqual([status, body.code], [403, "Forbidden"], path);
        assert.doesNotMatch(JSON.stringify(body), /cpuCores/);
      }
    for (const path of ["/systems/demo%22%7D%20or%20up/usage", "/systems/demo/apps/hello%22/metrics"])
      assert.equal((await get(path, VERA)).status, 422);
    const all = await get<ListOf<ApplicationUsage>>("/usage");
    assert.deepEqual(
      all.body.items.map(({ system }) => system),
      ["demo", "demo", "secret"],
    );
  });

  it("says why when Prometheus is away, and when there is none", async () => {
    const none = await startTestPlatform({ users: USERS });
    const away = await startTestPlatform({ users: USERS, metrics: { url: "http://127.0.0.1:1" } });
    try {
      for (const [one, status, code] of [
        [none, 501, "MetricsNotConfigured"],
        [away, 503, "Unavailable"],
      ] as const) {
        await makeWorld(one.client);
        for (const path of [
          "systems/demo/usage",
          "systems/demo/apps/hello/usage",
          "systems/demo/apps/hello/metrics",
          "usage",
        ]) {
          const answer = await one.call("GET", `/api/v1/${path}`);
          const body = answer.body as ApiError;
          assert.deepEqual([answer.status, body.code], [status, code], path);
          assert.ok(body.hint !== undefined);
        }
      }
    } finally {
      await none.stop();
      await away.stop();
    }
  });
});

function near(value: number | undefined, expected: number): void {
  assert.ok(Math.abs((value ?? Number.NaN) - expected) < expected * 0.2, `${value} is not about ${expected}`);
}

/** Systems demo and secret with an application hello each; vera may view demo. */
async function makeWorld(client: Client): Promise<void> {
  for (const system of ["demo", "secret"]) {
    await client.create(Namespaces, { metadata: { name: system } });
    await client.create(Systems, { metadata: { name: system }, spec: {} });
    await client.create(ServiceAccounts, { metadata: { name: "default", namespace: system } });
    await makeApplication(client, { system, name: "hello" });
  }
  await makeApplication(client, { system: "demo", name: "idle" });
  const labels = { "jdos.io/application": "hello" };
  const container = { name: "main", image: "i" };
  await client.create(ReplicaSets, {
    metadata: { namespace: "demo", name: "hello-7d9f8", labels },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  });
  for (const [name, isReady] of [
    ["hello-7d9f8-aaaaa", true],
    ["hello-7d9f8-bbbbb", false],
  ] as const) {
    const pod = await client.create(Pods, {
      metadata: { namespace: "demo", name, labels },
      spec: { containers: [container] },
    });
    const status = { phase: "Running", conditions: [{ type: "Ready", status: isReady ? "True" : "False" }] };
    await client.update(Pods, { ...pod, status } as never, { subresource: "status" });
  }
  await client.create(ClusterRoles, {
    metadata: { name: "viewer" },
    rules: [
      { apiGroups: ["jdos.io"], resources: ["applications"], verbs: ["get", "list"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
      { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["get", "list"] },
    ],
  });
  const api = "rbac.authorization.k8s.io";
  await client.create(RoleBindings, {
    metadata: { name: "viewers", namespace: "demo" },
    roleRef: { apiGroup: api, kind: "ClusterRole", name: "viewer" },
    subjects: [{ kind: "User", name: "vera", apiGroup: api }],
  });
}

async function makeApplication(
  client: Client,
  { system, name }: { system: string; name: string },
): Promise<void> {
  await client.create(Applications, {
    metadata: { namespace: system, name },
    spec: { source: { image: { reference: "i" } } },
  } as never);
}
