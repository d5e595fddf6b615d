import assert from "node:assert/strict";
import { it } from "node:test";
import { FakeClock } from "@jdos/component-base/testing";
import type { RuntimeContainer } from "../runtime/pod-runtime.ts";
import { type ProbeKind, ProbeWorker } from "./probe-worker.ts";

interface Setup {
  kind?: ProbeKind;
  probe?: ConstructorParameters<typeof ProbeWorker>[0]["probe"];
  answers?: boolean[];
  started?: () => boolean;
}

function setup({ kind = "readiness", probe = {}, answers = [], started = () => kind !== "startup" }: Setup) {
  const clock = new FakeClock(new Date("2025-01-01T00:00:00Z"));
  const state = {
    clock,
    asked: 0,
    container: { id: "a", state: "CONTAINER_RUNNING", startedAt: clock.now().getTime() } as RuntimeContainer,
    verdicts: [] as [string, boolean][],
    failures: 0,
  };
  const worker = new ProbeWorker({
    kind,
    probe: { periodSeconds: 10, failureThreshold: 2, ...probe },
    clock,
    container: () => state.container,
    started,
    ask: async () => ({ success: answers[state.asked++] ?? answers.at(-1) ?? true, output: "" }),
    onVerdict: (id, success) => state.verdicts.push([id, success]),
    onFailure: () => state.failures++,
  });
  worker.start(0);
  const pass = async (seconds: number) => {
    for (let step = 0; step < seconds * 20; step++) {
      clock.advance(50);
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    }
  };
  return { ...state, state, worker, pass };
}

it("ProbeWorker waits for initialDelaySeconds, then asks every period", async () => {
  const { state, pass, worker } = setup({ probe: { initialDelaySeconds: 5 } });
  await pass(4);
  assert.equal(state.asked, 0);
  await pass(2);
  assert.equal(state.asked, 1);
  await pass(20);
  assert.equal(state.asked, 3);
  worker.stop();
});

it("ProbeWorker says no only after failureThreshold failures in a row", async () => {
  const { state, pass, worker } = setup({
    kind: "liveness",
    answers: [true, false, true, false, false, false],
  });
  await pass(35);
  assert.deepEqual(state.verdicts, [["a", true]]);
  await pass(10);
  assert.deepEqual(state.verdicts, [
    ["a", true],
    ["a", false],
  ]);
  worker.stop();
});

it("ProbeWorker leaves a container that failed its liveness alone until another takes its place", async () => {
  const { state, pass, worker } = setup({ kind: "liveness", answers: [false, false, true] });
  await pass(40);
  assert.equal(state.asked, 2);
  state.container = { ...state.container, id: "b" };
  await pass(11);
  assert.deepEqual(state.verdicts, [
    ["a", false],
    ["b", true],
  ]);
  worker.stop();
});

it("ProbeWorker asks a starting container again soon, without counting it as failures", async () => {
  const { state, pass, worker } = setup({ answers: [false, false, false, true] });
  await pass(1);
  assert.deepEqual(state.verdicts, [["a", true]]);
  assert.equal(state.failures, 0);
  worker.stop();
});

it("ProbeWorker asks nothing but the startup probe until that has succeeded", async () => {
  let started = false;
  const { state, pass, worker } = setup({ kind: "liveness", started: () => started });
  await pass(30);
  assert.equal(state.asked, 0);
  started = true;
  worker.poke();
  await pass(1);
  assert.equal(state.asked, 1);
  worker.stop();
});
