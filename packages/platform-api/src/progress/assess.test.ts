import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Ingress } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { application, build, deployment, pod, release, stored } from "../testing/worlds.ts";
import { assess } from "./assess.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { ProgressWorld } from "./target.ts";

const NOW = new Date("2026-01-01T00:01:00Z");
const ready = { conditions: [{ type: "Ready", status: "True" as const }], currentRelease: 2 };

function at(members: Partial<ProgressWorld> = {}): ProgressWorld {
  return {
    application: application(),
    builds: [],
    releases: [release(1), release(2, { build: "hello-b7" })],
    deployment: undefined,
    pods: [],
    ingress: undefined,
    ...members,
  };
}

describe("assess()", () => {
  it("assess() shows the build's stages with their seconds", () => {
    const stages = [
      { name: "source", state: "Succeeded", seconds: 0.4 },
      { name: "build", state: "Running" },
    ] as const;
    const found = assess(
      { build: "hello-b7" },
      at({ builds: [build(7, { phase: "Running", stages: [...stages] })], releases: [] }),
      NOW,
    );
    assert.deepEqual(found.stages, [
      { stage: "source", state: "done", seconds: 0.4 },
      { stage: "build", state: "started" },
    ]);
    assert.equal(found.outcome, "running");
  });

  it("assess() shows stages of steps of one's own only where there are some", () => {
    const stages = (steps?: object): string[] => {
      const made = build(7, { phase: "Succeeded" });
      const spec = { ...made.spec, ...(steps && { build: { steps } }) };
      const world = at({ builds: [{ ...made, spec }], releases: [] });
      return assess({ build: "hello-b7" }, world, NOW).stages.map(({ stage }) => stage);
    };
    assert.deepEqual(stages(), ["source", "build", "push", "release"]);
    const step = [{ name: "unit", run: "npm test" }];
    assert.deepEqual(stages({ before: step, after: step }).slice(0, 5), [
      "source",
      "test",
      "build",
      "push",
      "after",
    ]);
  });

  it("assess() fails with the build's stage and sentence", () => {
    const failed = build(7, {
      phase: "Failed",
      stages: [{ name: "build", state: "Failed", message: "RUN false: exit code 1" }],
    });
    const found = assess({ build: "hello-b7" }, at({ builds: [failed] }), NOW);
    assert.equal(found.outcome, "failed");
    assert.deepEqual(found.failure, {
      code: "BuildFailed",
      message: 'Build 7 failed at stage "build": RUN false: exit code 1',
    });
  });

  it("assess() says that a build which ended after a later one replaces nothing", () => {
    const found = assess(
      { build: "hello-b7" },
      at({
        builds: [build(7, { phase: "Succeeded" }), build(8, { phase: "Succeeded" })],
        releases: [release(2, { build: "hello-b8" }), release(3, { build: "hello-b7" })],
      }),
      NOW,
    );
    assert.deepEqual([found.outcome, found.failure?.code], ["failed", "Superseded"]);
  });

  it("assess() fails with what the controllers refuse", () => {
    const message = "Release v9 cannot be returned to: it does not exist";
    const released = { type: "Released", status: "False" as const, reason: "RollbackRefused", message };
    const conditions = [...ready.conditions, { ...released, observedGeneration: 1 }];
    const refused = application({ release: 2, rollbackTo: 9 }, { conditions, currentRelease: 1 });
    const world = at({ application: refused, pods: [pod("hello-2-a", { ready: true })] });
    const found = assess({ release: 2 }, world, NOW);
    assert.equal(found.outcome, "failed");
    assert.deepEqual(found.failure, { code: "RollbackRefused", message });
  });

  it("assess() fails with what is refused while the Application asks for a Release that does not exist", () => {
    const message = "Release v3 cannot be returned to: it was changed after it was made";
    const released = { type: "Released", status: "False" as const, reason: "RollbackRefused", message };
    const refused = application(
      { release: 4, rollbackTo: 3 },
      { conditions: [{ ...released, observedGeneration: 1 }] },
    );
    const found = assess({ generation: 1 }, at({ application: refused }), NOW);
    assert.equal(found.outcome, "failed");
    assert.deepEqual(found.failure, { code: "RollbackRefused", message });
    assert.equal(found.stages.at(-1)?.state, "failed");
    const building = assess(
      { build: "hello-b7" },
      at({ application: refused, builds: [build(7, { phase: "Succeeded" })], releases: [] }),
      NOW,
    );
    assert.equal(building.outcome, "running");
  });

  it("assess() is ready only when the wanted release serves and its change was seen", () => {
    const built = build(7, { phase: "Succeeded" });
    const pods = [pod("hello-2-a", { ready: true })];
    const serving = at({ builds: [built], pods, application: application({}, ready) });
    assert.equal(assess({ build: "hello-b7" }, serving, NOW).outcome, "ready");
    const unseen = {
      ...serving,
      application: { ...serving.application, metadata: { ...serving.application.metadata, generation: 2 } },
    };
    assert.equal(assess({ build: "hello-b7" }, unseen, NOW).outcome, "running");
    const other = at({
      builds: [built],
      pods,
      application: application({}, { ...ready, currentRelease: 1 }),
    });
    assert.equal(assess({ build: "hello-b7" }, other, NOW).outcome, "running");
  });

  it("assess() waits until the load balancer leads to the release's Pods alone", () => {
    const pods = ["10.64.0.7", "10.64.0.5"].map((podIP, index) =>
      pod(`hello-2-${index}`, { ready: true, status: { podIP } }),
    );
    const to = (addresses: string) =>
      at({
        pods,
        application: application({ replicas: 2 }, ready),
        ingress: stored<Ingress>("hello", {
          metadata: { annotations: { "jdos.io/routed-to": addresses } },
        }) as Stored<Ingress>,
      });
    assert.equal(assess({ release: 2 }, to("10.64.0.5,10.64.0.7"), NOW).outcome, "ready");
    assert.equal(assess({ release: 2 }, to("10.64.0.3,10.64.0.5"), NOW).outcome, "running");
    assert.equal(assess({ release: 2 }, to(""), NOW).outcome, "running");
  });

  it("assess() by generation waits until the controllers have seen the change", () => {
    const serving = at({ pods: [pod("hello-2-a", { ready: true })], application: application({}, ready) });
    assert.equal(assess({ generation: 1 }, serving, NOW).outcome, "ready");
    assert.equal(assess({ generation: 2 }, serving, NOW).outcome, "running");
  });

  it("assess() ends at a crash loop, not at the first crash", () => {
    const crashing = (restartCount: number, reason?: string) =>
      at({
        pods: [
          pod("hello-2-a", {
            container: {
              restartCount,
              state: reason === undefined ? { running: {} } : { waiting: { reason } },
              lastState: { terminated: { exitCode: 1 } },
            },
          }),
        ],
      });
    assert.equal(assess({ release: 2 }, crashing(0), NOW).outcome, "running");
    assert.equal(assess({ release: 2 }, crashing(1), NOW).outcome, "running");
    assert.equal(assess({ release: 2 }, crashing(1, "CrashLoopBackOff"), NOW).failure?.code, "CrashLoop");
  });

  it("assess() ends at a Secret that is missing, not at one that kubelet has not read yet", () => {
    const waiting = (message: string) =>
      at({
        pods: [
          pod("hello-2-a", {
            container: { state: { waiting: { reason: "CreateContainerConfigError", message } } },
          }),
        ],
      });
    const behind = "failed to sync secret cache: timed out waiting for the condition";
    assert.equal(assess({ release: 2 }, waiting(behind), NOW).outcome, "running");
    const { failure } = assess({ release: 2 }, waiting('secret "db" not found'), NOW);
    assert.equal(failure?.code, "ConfigurationMissing");
  });

  it("assess() waits with Pods that are held back, whatever the Deployment said before", () => {
    const stalled = { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" };
    const spread = { image: "i", since: "2026-01-01T00:00:00Z", wanted: 4, message: "9 Pods wait" };
    const on = (held: boolean) =>
      at({
        application: application({ replicas: 9 }, held ? { spread } : {}),
        deployment: deployment({ status: { observedGeneration: 1, conditions: [stalled] } }),
      });
    assert.equal(assess({ release: 2 }, on(false), NOW).failure?.code, "RolloutStalled");
    const { outcome, stages } = assess({ release: 2 }, on(true), NOW);
    assert.equal(outcome, "running");
    assert.deepEqual(stages.at(-1), {
      stage: "rollout",
      state: "started",
      message: "0 of 9 Pods; 9 Pods wait",
    });
  });

  it("assess() leaves an unschedulable Pod half a minute", () => {
    const since = (lastTransitionTime: string) =>
      at({
        pods: [
          pod("hello-2-a", {
            phase: "Pending",
            conditions: [{ type: "PodScheduled", status: "False", message: "no room", lastTransitionTime }],
          }),
        ],
      });
    assert.equal(assess({ release: 2 }, since("2026-01-01T00:00:45Z"), NOW).outcome, "running");
    assert.equal(assess({ release: 2 }, since("2026-01-01T00:00:15Z"), NOW).failure?.code, "Unschedulable");
  });

  it("assess() says when a later release took its place", () => {
    assert.equal(assess({ release: 1 }, at(), NOW).failure?.code, "Superseded");
  });

  const tried = (phase: string, message: string) => ({
    ...{ phase, strategy: "Canary", release: 2, from: 1, weight: 10, since: "2026-01-01T00:00:00Z", message },
  });

  it("assess() shows the step of a canary, and is at its end when that waits to be promoted", () => {
    const on = (phase: string) =>
      at({
        application: application({}, { currentRelease: 1, rollout: tried(phase, "step 1 of 2") as never }),
      });
    const going = assess({ release: 2 }, on("Progressing"), NOW);
    assert.deepEqual(going.stages.at(-1), { stage: "rollout", state: "started", message: "step 1 of 2" });
    assert.equal(going.outcome, "running");
    const waiting = assess({ release: 2 }, on("Paused"), NOW);
    assert.equal(waiting.outcome, "ready");
    assert.equal(waiting.rollout?.weight, 10);
    assert.equal(waiting.stages.at(-1)?.state, "skipped");
  });

  it("assess() fails with why a release was left, also for a change that is known by its generation", () => {
    const reason = "back to v1, for v2 was left: it does not get ready";
    const instead = release(
      3,
      { insteadOf: 2, rollbackTo: 1, reason },
      { metadata: { annotations: { "jdos.io/left-at-generation": "5" } } },
    );
    const world = at({
      application: application({ release: 3 }, { ...ready, currentRelease: 3 }),
      releases: [release(1), release(2), instead],
      pods: [pod("hello-3-a", { release: 3, ready: true })],
    });
    for (const target of [{ release: 2 }, { generation: 1 }]) {
      const found = assess(target, world, NOW);
      assert.equal(found.outcome, "failed");
      assert.equal(found.failure?.code, "ReleaseLeft");
      assert.match(found.failure?.message ?? "", /Release 2 was left, release 3 took its place: back to v1/);
    }
    const settled = { ...world.application, metadata: { ...world.application.metadata, generation: 6 } };
    const later = { ...settled, status: { ...settled.status, observedGeneration: 6 } };
    assert.equal(assess({ generation: 6 }, { ...world, application: later }, NOW).outcome, "ready");
  });

  it("assess() does not wait for a release that nobody made current under deployPolicy Manual", () => {
    const manual = at({ application: application({ release: 1, deployPolicy: "Manual" }) });
    const found = assess({ release: 2 }, manual, NOW);
    assert.equal(found.outcome, "ready");
    assert.equal(found.stages.find(({ stage }) => stage === "rollout")?.state, "skipped");
  });

  it("assess() reports a quota that refuses the Pods", () => {
    const refused = deployment({
      status: {
        observedGeneration: 1,
        conditions: [{ type: "ReplicaFailure", status: "True", message: "exceeded quota: demo" }],
      },
    });
    assert.equal(assess({ release: 2 }, at({ deployment: refused }), NOW).failure?.code, "QuotaExceeded");
  });
});

describe("Stopwatch", () => {
  it("changes() gives each change once, with recorded or measured seconds", () => {
    let millis = 0;
    const stopwatch = new Stopwatch(() => millis);
    assert.equal(stopwatch.changes([{ stage: "build", state: "started" }]).length, 1);
    assert.equal(stopwatch.changes([{ stage: "build", state: "started" }]).length, 0);
    millis = 1500;
    const [built] = stopwatch.changes([{ stage: "build", state: "done", seconds: 1.2 }]);
    assert.equal(built?.seconds, 1.2);
    stopwatch.changes([{ stage: "rollout", state: "started" }]);
    millis = 2000;
    const [rolled] = stopwatch.changes([{ stage: "rollout", state: "done" }]);
    assert.equal(rolled?.seconds, 0.5);
    assert.deepEqual(stopwatch.seconds(), { build: 1.2, rollout: 0.5, total: 2 });
  });
});
