import assert from "node:assert/strict";
import { it } from "node:test";
import type { Pod } from "@jdos/api";
import { containerHash } from "../runtime/labels.ts";
import type { PodRuntime, RuntimeContainer } from "../runtime/pod-runtime.ts";
import { computeActions, type ProbeVerdicts } from "./actions.ts";
import type { PodObject } from "./pod.ts";

type Spec = Partial<NonNullable<Pod["spec"]>>;

const QUIET: ProbeVerdicts = { livenessFailed: () => false, startupFailed: () => false, started: () => true };

function pod(spec: Spec = {}): PodObject {
  const containers = [{ name: "app", image: "i" }];
  return {
    metadata: { name: "p", uid: "u" },
    spec: { hostNetwork: true, containers, ...spec },
  } as unknown as PodObject;
}

function container(
  name: string,
  state: "RUNNING" | "EXITED" | "CREATED",
  more: Partial<RuntimeContainer> = {},
) {
  return {
    id: `${name}-id`,
    name,
    sandboxId: "s",
    state: `CONTAINER_${state}`,
    exitCode: 0,
    createdAt: 1,
    startedAt: 1,
    restartCount: 0,
    hash: containerHash({ name, image: "i" }),
    ...more,
  } as RuntimeContainer;
}

function runtime(containers: RuntimeContainer[], sandbox = { ready: true, attempt: 0 }): PodRuntime {
  return {
    uid: "u",
    name: "p",
    namespace: "d",
    sandboxes: [{ id: "s", createdAt: 1, ips: [], ...sandbox }],
    containers,
  };
}

const names = (list: readonly { name: string }[]) => list.map((item) => item.name);
const init = [
  { name: "one", image: "i" },
  { name: "two", image: "i" },
];

it("computeActions() begins with a sandbox and the first init container", () => {
  const actions = computeActions(pod({ initContainers: init }), undefined, QUIET);
  assert.equal(actions.createSandboxAttempt, 0);
  assert.deepEqual(names(actions.start), ["one"]);
});

it("computeActions() goes from one init container to the next, then to the rest", () => {
  const of = (containers: RuntimeContainer[]) =>
    names(computeActions(pod({ initContainers: init }), runtime(containers), QUIET).start);
  assert.deepEqual(of([container("one", "RUNNING")]), []);
  assert.deepEqual(of([container("one", "EXITED")]), ["two"]);
  assert.deepEqual(of([container("one", "EXITED", { exitCode: 1 })]), ["one"]);
  assert.deepEqual(of([container("two", "EXITED"), container("one", "EXITED")]), ["app"]);
});

it("computeActions() does not run init containers again for a Pod whose containers ran in this sandbox", () => {
  assert.deepEqual(
    names(computeActions(pod({ initContainers: init }), runtime([container("app", "EXITED")]), QUIET).start),
    ["app"],
  );
});

it("computeActions() leaves what runs as it should alone", () => {
  assert.deepEqual(computeActions(pod(), runtime([container("app", "RUNNING")]), QUIET), {
    killPod: false,
    createSandboxAttempt: undefined,
    kill: [],
    start: [],
  });
});

for (const [policy, exitCode, start, killPod] of [
  ["Always", 0, ["app"], false],
  ["OnFailure", 1, ["app"], false],
  ["OnFailure", 0, [], true],
  ["Never", 1, [], true],
] as const) {
  it(`computeActions() with restartPolicy ${policy} and exit code ${exitCode} starts [${start}]`, () => {
    const actions = computeActions(
      pod({ restartPolicy: policy }),
      runtime([container("app", "EXITED", { exitCode })]),
      QUIET,
    );
    assert.deepEqual([names(actions.start), actions.killPod], [start, killPod]);
  });
}

it("computeActions() restarts what fails its liveness probe and what was given another image", () => {
  const failed = computeActions(pod(), runtime([container("app", "RUNNING")]), {
    ...QUIET,
    livenessFailed: () => true,
  });
  assert.deepEqual(
    failed.kill.map((item) => item.cause),
    ["liveness"],
  );
  const changed = computeActions(pod(), runtime([container("app", "RUNNING", { hash: "old" })]), QUIET);
  assert.deepEqual(
    changed.kill.map((item) => item.cause),
    ["spec"],
  );
  const adopted = computeActions(pod(), runtime([container("app", "RUNNING", { hash: "" })]), QUIET);
  assert.deepEqual(adopted.kill, [], "one whose hash was not kept goes on");
});

it("computeActions() makes a dead sandbox anew, but not for a Pod that never restarts", () => {
  const dead = { ready: false, attempt: 2 };
  assert.equal(
    computeActions(pod(), runtime([container("app", "EXITED")], dead), QUIET).createSandboxAttempt,
    3,
  );
  assert.equal(
    computeActions(pod({ restartPolicy: "Never" }), runtime([container("app", "EXITED")], dead), QUIET)
      .killPod,
    true,
  );
});
