import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerState, ContainerStatus, Pod, PodStatus } from "@jdos/api";
import { type PodSummary, summarize } from "./status-text.ts";

const now = new Date("2026-01-01T00:10:00Z");

function status(name: string, state: ContainerState, rest: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, image: "i", imageID: "", ready: false, restartCount: 0, state, ...rest };
}

const running: ContainerState = { running: { startedAt: "2026-01-01T00:00:00Z" } };
const done: ContainerState = { terminated: { exitCode: 0, reason: "Completed" } };

interface Case {
  status: PodStatus;
  init?: string[];
  sidecars?: string[];
  containers?: string[];
  deleted?: boolean;
  expected: PodSummary;
}

function pod({ status, init = [], sidecars = [], containers = ["a"], deleted = false }: Case): Pod {
  return {
    metadata: { name: "p", ...(deleted ? { deletionTimestamp: "2026-01-01T00:09:00Z" } : {}) },
    spec: {
      initContainers: [
        ...sidecars.map((name) => ({ name, restartPolicy: "Always" })),
        ...init.map((name) => ({ name })),
      ],
      containers: containers.map((name) => ({ name })),
    },
    status,
  };
}

const cases: Readonly<Record<string, Case>> = {
  "a Pod that waits": {
    status: { phase: "Pending" },
    expected: { ready: "0/1", status: "Pending", restarts: "0" },
  },
  "a Pod that runs": {
    status: { phase: "Running", containerStatuses: [status("a", running, { ready: true })] },
    expected: { ready: "1/1", status: "Running", restarts: "0" },
  },
  "a container in back-off": {
    status: {
      phase: "Running",
      containerStatuses: [
        status(
          "a",
          { waiting: { reason: "CrashLoopBackOff" } },
          {
            restartCount: 3,
            lastState: { terminated: { exitCode: 1, reason: "Error", finishedAt: "2026-01-01T00:08:00Z" } },
          },
        ),
      ],
    },
    expected: { ready: "0/1", status: "CrashLoopBackOff", restarts: "3 (2m ago)" },
  },
  "an image that cannot be had": {
    status: {
      phase: "Pending",
      containerStatuses: [status("a", { waiting: { reason: "ImagePullBackOff" } })],
    },
    expected: { ready: "0/1", status: "ImagePullBackOff", restarts: "0" },
  },
  "the first of two init containers": {
    init: ["one", "two"],
    status: {
      phase: "Pending",
      initContainerStatuses: [
        status("one", running),
        status("two", { waiting: { reason: "PodInitializing" } }),
      ],
      containerStatuses: [status("a", { waiting: { reason: "PodInitializing" } })],
    },
    expected: { ready: "0/1", status: "Init:0/2", restarts: "0" },
  },
  "the second of two init containers": {
    init: ["one", "two"],
    status: { phase: "Pending", initContainerStatuses: [status("one", done), status("two", running)] },
    expected: { ready: "0/1", status: "Init:1/2", restarts: "0" },
  },
  "an init container that failed": {
    init: ["one"],
    status: { phase: "Pending", initContainerStatuses: [status("one", { terminated: { exitCode: 2 } })] },
    expected: { ready: "0/1", status: "Init:ExitCode:2", restarts: "0" },
  },
  "an init container in back-off": {
    init: ["one"],
    status: {
      phase: "Pending",
      initContainerStatuses: [
        status("one", { waiting: { reason: "CrashLoopBackOff" } }, { restartCount: 4 }),
      ],
    },
    expected: { ready: "0/1", status: "Init:CrashLoopBackOff", restarts: "4" },
  },
  "a sidecar beside its container": {
    sidecars: ["proxy"],
    status: {
      phase: "Running",
      initContainerStatuses: [status("proxy", running, { ready: true, started: true, restartCount: 1 })],
      containerStatuses: [status("a", running, { ready: true })],
    },
    expected: { ready: "2/2", status: "Running", restarts: "1" },
  },
  "a Pod that is over": {
    status: { phase: "Succeeded", containerStatuses: [status("a", done)] },
    expected: { ready: "0/1", status: "Completed", restarts: "0" },
  },
  "a Pod that failed": {
    status: {
      phase: "Failed",
      containerStatuses: [status("a", { terminated: { exitCode: 1, reason: "Error" } })],
    },
    expected: { ready: "0/1", status: "Error", restarts: "0" },
  },
  "a container ended by a signal": {
    status: {
      phase: "Failed",
      containerStatuses: [status("a", { terminated: { exitCode: 137, signal: 9 } })],
    },
    expected: { ready: "0/1", status: "Signal:9", restarts: "0" },
  },
  "one container done, one running and the Pod not ready": {
    containers: ["a", "b"],
    status: {
      phase: "Running",
      containerStatuses: [status("a", done), status("b", running, { ready: true })],
    },
    expected: { ready: "1/2", status: "NotReady", restarts: "0" },
  },
  "a Pod being deleted": {
    deleted: true,
    status: { phase: "Running", containerStatuses: [status("a", running, { ready: true })] },
    expected: { ready: "1/1", status: "Terminating", restarts: "0" },
  },
  "a finished Pod being deleted": {
    deleted: true,
    status: { phase: "Succeeded", containerStatuses: [status("a", done)] },
    expected: { ready: "0/1", status: "Completed", restarts: "0" },
  },
  "a Pod whose node is lost": {
    deleted: true,
    status: { phase: "Running", reason: "NodeLost" },
    expected: { ready: "0/1", status: "Unknown", restarts: "0" },
  },
  "an evicted Pod": {
    status: { phase: "Failed", reason: "Evicted" },
    expected: { ready: "0/1", status: "Evicted", restarts: "0" },
  },
};

for (const [name, one] of Object.entries(cases)) {
  test(`summarize() shows ${name} as ${one.expected.status}`, () => {
    assert.deepEqual(summarize(pod(one), now), one.expected);
  });
}
