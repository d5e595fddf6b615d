import assert from "node:assert/strict";
import test from "node:test";
import type { ContainerStatus, Pod } from "@jdos/api";
import type { Persisted } from "@jdos/apimachinery";
import { podTrouble } from "./pod-trouble.ts";

function pod(status: Partial<ContainerStatus>, more: Pod["status"] = {}): Persisted<Pod> {
  const full = { name: "web", image: "demo/web:1", imageID: "", ready: false, restartCount: 0, ...status };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web-1", uid: "1", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
    status: { phase: "Running", containerStatuses: [full], ...more },
  };
}

const ended = (exitCode: number, more: object = {}) => ({
  terminated: { exitCode, reason: "Error", ...more },
});

const cases: [string, Persisted<Pod>, { reason: string; stalled: boolean; message: RegExp }][] = [
  [
    "an image that cannot be pulled",
    pod({ state: { waiting: { reason: "ErrImagePull", message: "not found" } } }),
    { reason: "ErrImagePull", stalled: true, message: /^Image demo\/web:1 cannot be had: not found$/ },
  ],
  [
    "a crash loop",
    pod({
      restartCount: 2,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: ended(1, { message: "a\nno database\n" }),
    }),
    {
      reason: "CrashLoopBackOff",
      stalled: true,
      message: /ended with exit code 1, last saying "no database", and was started 3 times$/,
    },
  ],
  [
    "a crash loop for want of memory",
    pod({
      restartCount: 1,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: ended(137, { reason: "OOMKilled" }),
    }),
    {
      reason: "CrashLoopBackOff",
      stalled: true,
      message: /used more memory than it has \(OOMKilled\) and was started twice$/,
    },
  ],
  [
    "a Secret that is missing",
    pod({ state: { waiting: { reason: "CreateContainerConfigError", message: 'secret "x" not found' } } }),
    { reason: "CreateContainerConfigError", stalled: true, message: /secret "x" not found/ },
  ],
  [
    "a Secret that kubelet has not read yet",
    pod({
      state: {
        waiting: {
          reason: "CreateContainerConfigError",
          message: "failed to sync secret cache: timed out waiting for the condition",
        },
      },
    }),
    { reason: "CreateContainerConfigError", stalled: false, message: /failed to sync secret cache/ },
  ],
  [
    "a first crash",
    pod({ restartCount: 1, state: { running: {} }, lastState: ended(3) }),
    { reason: "Error", stalled: false, message: /exit code 3/ },
  ],
  [
    "a Pod without a place",
    pod(
      {},
      {
        phase: "Pending",
        containerStatuses: [],
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: "0/1 nodes are available: 1 Insufficient cpu.",
          },
        ],
      },
    ),
    { reason: "Unschedulable", stalled: false, message: /has no place: 0\/1 nodes/ },
  ],
  [
    "a Pod that does not answer",
    pod({ state: { running: {} } }),
    { reason: "NotReady", stalled: false, message: /does not answer its readiness check/ },
  ],
];

for (const [what, subject, expected] of cases) {
  test(`podTrouble() tells of ${what}`, () => {
    const trouble = podTrouble([subject]);
    assert.equal(trouble?.reason, expected.reason);
    assert.equal(trouble?.stalled, expected.stalled);
    assert.match(trouble?.message ?? "", expected.message);
  });
}

test("podTrouble() has nothing to tell of Pods that start, are ready, or go away", () => {
  assert.equal(
    podTrouble([pod({ state: { waiting: { reason: "ContainerCreating" } } }, { phase: "Pending" })]),
    undefined,
  );
  assert.equal(podTrouble([pod({ ready: true, state: { running: {} }, lastState: ended(1) })]), undefined);
  const going = pod({ state: { running: {} } });
  assert.equal(
    podTrouble([{ ...going, metadata: { ...going.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }]),
    undefined,
  );
});

test("podTrouble() names first what waiting will not mend", () => {
  const slow = pod({ state: { running: {} } });
  const broken = pod({ state: { waiting: { reason: "ErrImagePull", message: "x" } } });
  assert.equal(podTrouble([slow, broken])?.reason, "ErrImagePull");
});
