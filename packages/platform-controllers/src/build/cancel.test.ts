import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { type Build, Builds, Jobs, Pods, Releases } from "@jdos/api";
import { type Condition, findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { startTestPlatform, type TestPlatform } from "../testing/index.ts";

let platform: TestPlatform;

before(async () => {
  platform = await startTestPlatform({ build: { retrySeconds: 0.05, concurrency: 1000 } });
  await platform.createSystem("demo");
});

after(() => platform.stop());

const key = (name: string) => ({ namespace: "demo", name });
const succeeded = (build: Stored<Build>) =>
  (findCondition(build.status?.conditions, "Succeeded") ?? {}) as Partial<Condition>;
const IMAGE = `registry.jdos.internal/demo/app@sha256:${"a".repeat(64)}`;
const LOG = `sha256:${"c".repeat(64)}`;
const ended = ({ status }: Stored<Build>) => status?.completionTime !== undefined;

async function begun(name: string): Promise<void> {
  await platform.createApplication(name, {});
  await platform.createBuild(name, 1);
  await platform.until(Jobs, key(`${name}-b1`), () => true);
}

const cancel = (name: string) =>
  platform.client.patch(Builds, key(name), {
    type: "merge",
    body: { metadata: { annotations: { "jdos.io/cancelled-by": "ann" } }, spec: { cancel: true } },
  });

test("a Build that is cancelled before it has a Pod loses its Job and is Cancelled", async () => {
  await begun("early");
  await cancel("early-b1");
  const build = await platform.until(Builds, key("early-b1"), ended);
  assert.equal(build.status?.phase, "Cancelled");
  assert.deepEqual([succeeded(build).status, succeeded(build).reason], ["False", "Cancelled"]);
  await platform.untilGone(Jobs, key("early-b1"));
});

test("a running Build is Cancelled when its Pod is gone, and keeps what its builder said and its log", async () => {
  await begun("stopped");
  await platform.endBuildPod("stopped-b1", { steps: { exitCode: 0 } });
  await cancel("stopped-b1");
  await platform.untilGone(Jobs, key("stopped-b1"));
  const during = await platform.until(
    Builds,
    key("stopped-b1"),
    (build) => succeeded(build).reason === "Cancelling",
  );
  assert.equal(during.status?.completionTime, undefined);
  const result = {
    stages: [{ name: "build", state: "Failed" }],
    log: LOG,
    error: { code: "Stopped", message: "x" },
  };
  await platform.endContainers("stopped-b1-pod", { build: { exitCode: 1, message: JSON.stringify(result) } });
  await platform.until(Builds, key("stopped-b1"), ({ status }) => status?.log !== undefined);
  await platform.client.delete(Pods, key("stopped-b1-pod"), { gracePeriodSeconds: 0 });
  const build = await platform.until(Builds, key("stopped-b1"), ended);
  assert.equal(build.status?.phase, "Cancelled");
  assert.equal(build.status?.log, LOG);
  assert.equal(succeeded(build).message, "ann cancelled it in stage build");
});

test("a success that nobody recorded before the cancel becomes no Release", async () => {
  await begun("raced");
  // Both are there before the controller looks again: who asked to cancel is heard.
  await cancel("raced-b1");
  await platform.endBuild("raced-b1", { image: IMAGE, digest: "x", stages: [] }).catch(() => {});
  await platform.client.delete(Pods, key("raced-b1-pod"), { gracePeriodSeconds: 0 }).catch(() => {});
  const build = await platform.until(Builds, key("raced-b1"), ended);
  assert.equal(build.status?.phase, "Cancelled");
  await platform.idle();
  assert.equal((await platform.client.list(Releases, { namespace: "demo" })).items.length, 0);
});

test("a cancel that comes after the success changes nothing", async () => {
  await begun("late");
  await platform.endBuild("late-b1", { image: IMAGE, digest: "x", stages: [], log: LOG });
  const before = await platform.until(Builds, key("late-b1"), ended);
  assert.equal(before.status?.log, LOG);
  await cancel("late-b1");
  await platform.until(Releases, key("late-v1"), () => true);
  await platform.idle();
  assert.equal((await platform.client.get(Builds, key("late-b1"))).status?.phase, "Succeeded");
});

test("Cancelled is final: a cancel that is taken back does not begin the Build again", async () => {
  await begun("final");
  await cancel("final-b1");
  await platform.until(Builds, key("final-b1"), ended);
  await platform.client.patch(Builds, key("final-b1"), { type: "merge", body: { spec: { cancel: false } } });
  await platform.idle();
  assert.equal((await platform.client.get(Builds, key("final-b1"))).status?.phase, "Cancelled");
  await platform.untilGone(Jobs, key("final-b1"));
});

test("a Build whose time is over has TimedOut, with the stage it was in, whoever says so first", async () => {
  await begun("slow");
  const result = {
    stages: [{ name: "build", state: "Failed", message: "it took longer than 10 s" }],
    error: { code: "TimedOut", message: "it took longer than 10 s" },
  };
  await platform.endBuildPod("slow-b1", { build: { exitCode: 1, message: JSON.stringify(result) } });
  const own = await platform.until(Builds, key("slow-b1"), ended);
  assert.equal(succeeded(own).reason, "TimedOut");
  assert.match(succeeded(own).message ?? "", /^Stage build: /);

  await begun("hung");
  await platform.endBuildPod("hung-b1", {});
  await platform.setPodStatus("hung-b1-pod", {
    phase: "Running",
    containerStatuses: [
      {
        ...{ name: "build", image: "tools", imageID: "", ready: true, restartCount: 0 },
        state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
      },
    ],
  });
  await platform.until(Builds, key("hung-b1"), ({ status }) => status?.phase === "Running");
  const failed = {
    type: "Failed",
    status: "True",
    reason: "DeadlineExceeded",
    message: "was active too long",
  };
  const status = {
    conditions: [{ ...failed, type: "FailureTarget" }, failed],
    startTime: "2026-01-01T00:00:00Z",
  };
  await platform.client.patch(
    Jobs,
    key("hung-b1"),
    { type: "merge", body: { status } },
    { subresource: "status" },
  );
  const byJob = await platform.until(Builds, key("hung-b1"), ended);
  assert.equal(succeeded(byJob).reason, "TimedOut");
  assert.match(succeeded(byJob).message ?? "", /longer than 1800 s/);

  await begun("stuck");
  await platform.client.patch(
    Jobs,
    key("stuck-b1"),
    { type: "merge", body: { status } },
    { subresource: "status" },
  );
  const never = await platform.until(Builds, key("stuck-b1"), ended);
  assert.equal(succeeded(never).message, "It had not begun when its time was over: It waits for its Pod");
});

test("a Build that fills its disk has failed OutOfDisk; one that a full node evicts begins again", async () => {
  const evicted = (message: string) => ({ phase: "Failed", reason: "Evicted", message });
  await begun("greedy");
  const stopped = {
    stages: [{ name: "build", state: "Failed", message: "x" }],
    error: { code: "Stopped", message: "x" },
  };
  await platform.endBuildPod("greedy-b1", {});
  await platform.setPodStatus("greedy-b1-pod", {
    ...evicted('Usage of EmptyDir volume "work" exceeds the limit "10Gi". '),
    containerStatuses: [
      {
        ...{ name: "build", image: "tools", imageID: "", ready: false, restartCount: 0 },
        state: { terminated: { exitCode: 1, message: JSON.stringify(stopped) } },
      },
    ],
  });
  const build = await platform.until(Builds, key("greedy-b1"), ended);
  assert.equal(succeeded(build).reason, "OutOfDisk");
  assert.match(build.status?.stages?.[0]?.message ?? "", /wrote more to disk than it may/);
  await begun("unlucky");
  await platform.endBuildPod("unlucky-b1", {});
  await platform.setPodStatus("unlucky-b1-pod", evicted("The node was low on resource: memory. "));
  await platform.until(Jobs, key("unlucky-b1-r2"), () => true);
});

test("a registry or a repository that cannot be reached is tried again with back-off, a failing step is not", async () => {
  const error = (code: string) => ({ stages: [], error: { code, message: "x" } });
  await begun("offline");
  for (const job of ["offline-b1", "offline-b1-r2", "offline-b1-r3"])
    await platform.endBuild(job, error("SourceUnreachable"));
  const build = await platform.until(Builds, key("offline-b1"), ended);
  assert.deepEqual([build.status?.attempt, succeeded(build).reason], [3, "SourceUnreachable"]);
  await begun("broken");
  await platform.endBuild("broken-b1", error("BuildStepFailed"));
  const once = await platform.until(Builds, key("broken-b1"), ended);
  assert.deepEqual([once.status?.attempt, succeeded(once).reason], [undefined, "BuildStepFailed"]);
});
