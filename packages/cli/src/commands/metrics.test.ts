import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApplicationMetrics, ApplicationUsageDetail } from "@jdos/api/platform-api";
import { type FakePlatform, runCli, startFakePlatform } from "../testing/index.ts";

const HELLO = { system: "demo", application: "hello", pods: 2, readyPods: 1 };
const USED = { cpuCores: 0.123, memoryBytes: 50 * 1024 * 1024, requestsPerSecond: 4.25, errorShare: 0.004 };
const DETAIL = {
  ...HELLO,
  ...USED,
  p50Seconds: 0.012,
  p99Seconds: 1.44,
  items: [{ pod: "hello-1", ready: true, cpuCores: 1.5, sentBytesPerSecond: 2048 }],
} satisfies ApplicationUsageDetail;
const RANGE = {
  system: "demo",
  application: "hello",
  from: "2026-01-01T10:00:00.000Z",
  to: "2026-01-01T10:04:07.000Z",
  stepSeconds: 60,
  series: [
    {
      metric: "cpuCores",
      points: [
        [1767261600, 0],
        [1767261720, 0.5],
        [1767261840, 1],
      ],
    },
    { metric: "requestsPerSecond", points: [] },
  ],
} satisfies ApplicationMetrics;

describe("top and metrics", () => {
  let platform: FakePlatform;
  before(async () => {
    platform = await startFakePlatform({
      "GET /api/v1/usage": {
        items: [
          { ...HELLO, ...USED },
          { ...HELLO, application: "idle" },
        ],
      },
      "GET /api/v1/systems/demo/usage": { items: [] },
      "GET /api/v1/systems/demo/apps/hello/usage": DETAIL,
      "GET /api/v1/systems/demo/apps/hello/metrics": RANGE,
    });
  });
  after(() => platform.stop());

  const lines = async (...args: string[]): Promise<string[]> =>
    (await runCli(args, platform.url)).stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.replaceAll(/ {2,}/g, "|"));

  it("top shows all applications, and a dash for what nobody measured", async () => {
    assert.deepEqual(await lines("top"), [
      "SYSTEM|APPLICATION|PODS|CPU|MEMORY|REQUESTS|ERRORS|P50|P99",
      "demo|hello|1/2|123m|50 MiB|4.3/s|0.4 %|-|-",
      "demo|idle|1/2|-|-|-|-|-|-",
    ]);
    assert.deepEqual(await lines("top", "--system", "demo"), ["There is no application yet."]);
  });

  it("top shows one application and its Pods", async () => {
    assert.deepEqual((await lines("top", "--system", "demo", "--app", "hello")).slice(1), [
      "demo|hello|1/2|123m|50 MiB|4.3/s|0.4 %|12 ms|1.4 s",
      "",
      "POD|READY|CPU|MEMORY|RECEIVED|SENT",
      "hello-1|yes|1.50|-|-|2.0 KiB/s",
    ]);
    const json = await runCli(["top", "--system", "demo", "--app", "hello", "-o", "json"], platform.url);
    assert.deepEqual(JSON.parse(json.stdout), DETAIL);
    const alone = await runCli(["top", "--app", "hello"], platform.url);
    assert.equal(alone.exitCode, 2);
    assert.match(alone.stderr, /--system is missing/);
  });

  it("metrics asks for a time and draws how it went, with gaps", async () => {
    const scope = ["--system", "demo", "--app", "hello"];
    assert.deepEqual(await lines("metrics", ...scope, "--since", "5m", "--step", "60s"), [
      "METRIC|NOW|MOST|FROM 2026-01-01T10:00 TO 10:04 UTC",
      "CPU|1.00|1.00|▁ ▅ █",
      "REQUESTS|-|-",
    ]);
    assert.match(platform.seen.at(-1)!.path, /metrics\?sinceSeconds=300&stepSeconds=60$/);
    const odd = await runCli(["metrics", ...scope, "--since", "soon"], platform.url);
    assert.equal(odd.exitCode, 2);
    assert.match(odd.stderr, /Cannot read --since: "soon" is not a duration/);
  });
});
