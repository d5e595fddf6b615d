import assert from "node:assert/strict";
import test from "node:test";
import type { Build, BuildSpec, BuildStatus } from "@jdos/api";
import type { DeepReadonly, Persisted } from "@jdos/apimachinery";
import { planQueue } from "./plan.ts";

type Made = DeepReadonly<Persisted<Build>>;
const NOW = new Date("2026-01-01T01:00:00Z");
const at = (second: number) => new Date(NOW.getTime() - 3_600_000 + second * 1000).toISOString();

/** `system/application-bN`, made at a second. */
function build(
  name: string,
  second: number,
  more: { spec?: Partial<BuildSpec>; status?: BuildStatus } = {},
): Made {
  const [namespace = "", own = ""] = name.split("/");
  const [application = "", number = "1"] = own.split("-b");
  return {
    metadata: { namespace, name: own, uid: name, resourceVersion: "1", creationTimestamp: at(second) },
    spec: { application, number: Number(number), source: {}, ...more.spec },
    ...(more.status === undefined ? {} : { status: more.status }),
  } as Made;
}

const started = (second: number): { status: BuildStatus } => ({
  status: { phase: "Running", startTime: at(second) },
});
const ended = (second: number): { status: BuildStatus } => ({
  status: { phase: "Succeeded", startTime: at(second) },
});
const names = (builds: readonly Made[]) =>
  builds.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
const plan = (builds: readonly Made[], concurrency = 2) => planQueue({ builds, concurrency, now: NOW });

test("planQueue() starts the oldest as long as there is a place, and counts those before the others", () => {
  const { start, waiting, running } = plan([build("a/x-b2", 2), build("a/x-b1", 1), build("a/x-b3", 3)]);
  assert.deepEqual(names(start), ["a/x-b1", "a/x-b2"]);
  assert.deepEqual(
    waiting.map(({ build, before }) => [build.metadata.name, before]),
    [["x-b3", 0]],
  );
  assert.equal(running, 2);
});

test("planQueue() lets a system that builds nothing go before one with a long queue", () => {
  const many = Array.from({ length: 5 }, (_, n) => build(`a/x-b${n + 2}`, n));
  const { start, waiting } = plan([build("a/x-b1", 0, started(0)), ...many, build("b/y-b1", 90)]);
  assert.deepEqual(names(start), ["b/y-b1"]);
  assert.deepEqual(names(waiting.slice(0, 1).map(({ build }) => build)), ["a/x-b2"]);
});

test("planQueue() with one place takes turns: who was served last waits for the others", () => {
  const builds = [
    build("a/x-b1", 0, ended(10)),
    build("a/x-b2", 1),
    build("a/x-b3", 2),
    build("b/y-b1", 50),
    build("b/y-b2", 51),
    build("c/z-b1", 60),
  ];
  const { start, waiting } = plan(builds, 1);
  assert.deepEqual(names([...start, ...waiting.map(({ build }) => build)]), [
    "b/y-b1",
    "c/z-b1",
    "a/x-b2",
    "b/y-b2",
    "a/x-b3",
  ]);
});

test("planQueue() never lets a system starve: with three busy systems each starts a third", () => {
  let builds = ["a", "b", "c"].flatMap((system) =>
    Array.from({ length: 30 }, (_, n) => build(`${system}/x-b${n + 1}`, system === "a" ? n : 100 + n)),
  );
  const served: string[] = [];
  for (let round = 0; served.length < 30; round++) {
    const [next] = plan(builds, 1).start;
    served.push(next?.metadata.namespace ?? "");
    builds = builds.map((each) => (each === next ? ({ ...each, ...ended(200 + round) } as Made) : each));
  }
  for (const system of ["a", "b", "c"])
    assert.equal(served.filter((each) => each === system).length, 10, system);
});

test("planQueue() starts nothing beyond the limit, also when the limit was lowered", () => {
  const busy = [1, 2, 3].map((n) => build(`a/x-b${n}`, n, started(n)));
  const { start, running } = plan([...busy, build("b/y-b1", 9)], 1);
  assert.deepEqual(start, []);
  assert.equal(running, 3);
});

test("planQueue() lets a system that is given no Pods hold up itself alone", () => {
  const pending = (second: number): { status: BuildStatus } => ({
    status: { phase: "Pending", startTime: at(second) },
  });
  const builds = [build("a/x-b1", 1, pending(3530)), build("a/x-b2", 2), build("b/y-b1", 3)];
  const fresh = plan([build("a/x-b1", 1, pending(3550)), ...builds.slice(1)], 1);
  assert.deepEqual([fresh.start, fresh.wakeAfterSeconds], [[], 10]);
  const { start, waiting } = plan(builds, 1);
  assert.deepEqual(names(start), ["b/y-b1"]);
  assert.deepEqual(names(waiting.map(({ build }) => build)), ["a/x-b2"]);
});

test("planQueue() leaves out what is cancelled, goes away, or waits for its time", () => {
  const soon = new Date(NOW.getTime() + 4000).toISOString();
  const leaving = build("a/x-b2", 2);
  const { start, waiting, wakeAfterSeconds } = plan([
    build("a/x-b1", 1, { spec: { cancel: true } }),
    { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: at(5) } },
    build("a/x-b3", 3, { status: { phase: "Queued", notBefore: soon } }),
    build("a/x-b4", 4, { status: { phase: "Queued", notBefore: at(1) } }),
  ]);
  assert.deepEqual(names(start), ["a/x-b4"]);
  assert.deepEqual(waiting, []);
  assert.equal(wakeAfterSeconds, 4);
});

test("planQueue() drops a push that a newer one of the same branch overtakes, and never a person's deploy", () => {
  const push = (ref: string): { spec: Partial<BuildSpec> } => ({ spec: { trigger: { kind: "Push", ref } } });
  const builds = [
    build("a/x-b1", 1, push("main")),
    build("a/x-b2", 2, push("v1")),
    build("a/x-b3", 3, push("main")),
    build("a/x-b4", 4),
    build("a/x-b5", 5),
    build("b/x-b9", 6, push("main")),
  ];
  const { superseded, start, waiting } = plan(builds);
  assert.deepEqual(
    superseded.map(({ build, by }) => [build.metadata.name, by.metadata.name]),
    [["x-b1", "x-b3"]],
  );
  assert.equal(start.length + waiting.length, 5);
});
