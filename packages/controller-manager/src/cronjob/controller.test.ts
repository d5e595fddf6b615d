import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type CronJob, CronJobs, Events, Jobs } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { FakeClock, silentLogger } from "@jdos/component-base/testing";
import { createManager, type Manager } from "@jdos/controller-runtime";
import { cronJobController } from "./controller.ts";

const namespace = "default";
const MINUTE = 60_000;

describe("cronJobController", () => {
  let server: TestServer;
  let client: Client;
  let clock: FakeClock;
  let manager: Manager;
  beforeEach(async () => {
    clock = new FakeClock(new Date("2026-01-01T00:00:30Z"));
    server = await startTestServer({ now: () => clock.now() });
    client = server.adminClient();
    manager = createManager({ client, log: silentLogger(), clock });
    manager.add(cronJobController());
    await manager.start();
  });
  afterEach(async () => {
    await manager.stop();
    await server.stop();
  });

  const create = (spec: Partial<NonNullable<CronJob["spec"]>> = {}) => {
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } };
    return client.create(CronJobs, {
      metadata: { namespace, name: "tick" },
      spec: { schedule: "* * * * *", jobTemplate: { spec: { template } }, ...spec },
    });
  };
  const names = async () =>
    (await client.list(Jobs, { namespace })).items.map(({ metadata }) => metadata.name).sort();
  const nameAt = (text: string) => `tick-${Date.parse(text) / MINUTE}`;

  /** Lets everything that was written be seen and dealt with: until nothing is written any more. */
  async function settle(): Promise<void> {
    let quiet = 0;
    for (let revision = server.revision(); quiet < 3; revision = server.revision()) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await manager.idle();
      quiet = server.revision() === revision ? quiet + 1 : 0;
    }
  }

  async function pass(millis: number): Promise<void> {
    clock.advance(millis);
    await settle();
  }

  async function finish(name: string, type: "Complete" | "Failed"): Promise<void> {
    const time = clock.now().toISOString().replace(/\.\d+/, "");
    const conditions = [{ type, status: "True", lastTransitionTime: time }];
    const status = {
      conditions,
      startTime: time,
      ...(type === "Complete" ? { completionTime: time, succeeded: 1 } : { failed: 1 }),
    };
    await client.patch(
      Jobs,
      { namespace, name },
      { type: "merge", body: { status } },
      { subresource: "status" },
    );
    await settle();
  }

  it("cronJobController() makes one Job at each time and says when", async () => {
    await create();
    await settle();
    assert.deepEqual(await names(), []);
    await pass(MINUTE);
    assert.deepEqual(await names(), [nameAt("2026-01-01T00:01:00Z")]);
    const found = await client.get(CronJobs, { namespace, name: "tick" });
    assert.equal(found.status?.lastScheduleTime, "2026-01-01T00:01:00Z");
    assert.deepEqual(
      found.status?.active?.map(({ name }) => name),
      [nameAt("2026-01-01T00:01:00Z")],
    );
    const job = await client.get(Jobs, { namespace, name: nameAt("2026-01-01T00:01:00Z") });
    assert.equal(
      job.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"],
      "2026-01-01T00:01:00Z",
    );
    await pass(MINUTE);
    assert.equal((await names()).length, 2);
  });

  it("cronJobController() makes one Job for all the times it missed", async () => {
    await create();
    await settle();
    await manager.stop();
    clock.advance(10 * MINUTE);
    manager = createManager({ client, log: silentLogger(), clock });
    manager.add(cronJobController());
    await manager.start();
    await settle();
    assert.deepEqual(await names(), [nameAt("2026-01-01T00:10:00Z")]);
  });

  it("cronJobController() leaves a missed time alone when its deadline has passed", async () => {
    await create({ schedule: "0 * * * *", startingDeadlineSeconds: 60 });
    await settle();
    await manager.stop();
    clock.advance(70 * MINUTE);
    manager = createManager({ client, log: silentLogger(), clock });
    manager.add(cronJobController());
    await manager.start();
    await settle();
    assert.deepEqual(await names(), []);
  });

  it("cronJobController() with Forbid waits for the Job that runs, with Replace ends it", async () => {
    await create({ concurrencyPolicy: "Forbid" });
    await settle();
    await pass(MINUTE);
    await pass(MINUTE);
    assert.equal((await names()).length, 1);
    const { items } = await client.list(Events, { namespace });
    assert.ok(items.some(({ reason }) => reason === "JobAlreadyActive"));
    await finish(nameAt("2026-01-01T00:01:00Z"), "Complete");
    assert.deepEqual(await names(), [nameAt("2026-01-01T00:01:00Z"), nameAt("2026-01-01T00:02:00Z")]);
    await client.patch(
      CronJobs,
      { namespace, name: "tick" },
      { type: "merge", body: { spec: { concurrencyPolicy: "Replace" } } },
    );
    await pass(MINUTE);
    assert.deepEqual(await names(), [nameAt("2026-01-01T00:01:00Z"), nameAt("2026-01-01T00:03:00Z")]);
  });

  it("cronJobController() keeps as many finished Jobs as it is told, and the time of the last success", async () => {
    await create({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 });
    await settle();
    for (const [minute, outcome] of [
      ["01", "Complete"],
      ["02", "Failed"],
      ["03", "Complete"],
    ] as const) {
      await pass(MINUTE);
      await finish(nameAt(`2026-01-01T00:${minute}:00Z`), outcome);
    }
    assert.deepEqual(await names(), [nameAt("2026-01-01T00:03:00Z")]);
    const found = await client.get(CronJobs, { namespace, name: "tick" });
    assert.equal(found.status?.lastSuccessfulTime, "2026-01-01T00:03:30Z");
    assert.equal(found.status?.active, undefined);
  });

  it("cronJobController() does nothing while suspended", async () => {
    await create({ suspend: true });
    await settle();
    await pass(5 * MINUTE);
    assert.deepEqual(await names(), []);
  });
});
