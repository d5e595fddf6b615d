import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Build, IMAGE_CHANGED_ANNOTATION, type ImageChange } from "@jdos/api";
import { application, build, deployment, event, log, pod, release, world } from "../testing/worlds.ts";
import { explain } from "./explain.ts";
import type { World } from "./world.ts";

interface Case {
  name: string;
  world: World;
  situation: string;
  /** The whole sentence, or its part that matters. */
  sentence: string;
  next?: string;
  healthy?: boolean;
  evidence?: string;
}

const A = "hello-2-a";
/** Its third restart is the first start of the new image. */
const change: ImageChange = { at: "2026-01-01T00:00:00Z", container: "c2", restarts: 3 };
const earlier = pod("hello-1-a", { release: 1, ready: true });
const waiting = (reason: string, message = "", restartCount = 0) =>
  pod(A, { container: { restartCount, state: { waiting: { reason, message } } } });
const crashed = (exitCode: number, reason = "Error") =>
  pod(A, {
    container: {
      restartCount: 3,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode, reason } },
    },
  });
const unready = pod(A);
const probe = (message: string) => event(A, "Unhealthy", `Readiness probe failed: ${message}`);
const REFUSED = "dial tcp 10.64.0.5:8080: connect: connection refused";

const ended = (phase: NonNullable<Build["status"]>["phase"] & string, reason: string, message: string) => ({
  phase,
  conditions: [{ type: "Succeeded", status: "False" as const, reason, message }],
});

const CASES: readonly Case[] = [
  {
    name: "an application that runs",
    world: world(),
    situation: "Healthy",
    sentence: "Nothing is wrong: release 2 runs with 1 of 1 Pods ready",
    healthy: true,
  },
  {
    name: "nothing deployed",
    world: world({ application: application({ release: undefined }), releases: [], pods: [] }),
    situation: "NothingDeployed",
    sentence: "has no build and no release yet",
    next: "jdos deploy PATH --system demo --app hello",
  },
  {
    name: "a build that fails at a stage while an earlier release serves",
    world: world({
      builds: [
        build(3, {
          phase: "Failed",
          pod: "b3",
          stages: [
            { name: "source", state: "Succeeded" },
            { name: "build", state: "Failed", message: "npm ci ended with exit code 1" },
          ],
        }),
      ],
      logs: [
        {
          pod: "b3",
          container: "",
          previous: false,
          lines: ["npm error missing: left-pad", "--- stage build failed in 1s", "hint: Add left-pad"],
        },
      ],
    }),
    situation: "BuildFailed",
    sentence: 'Build 3 failed at stage "build": npm ci ended with exit code 1; release 2 keeps serving',
    evidence: "npm error missing: left-pad",
    next: "Add left-pad; the whole log: jdos build logs 3",
  },
  {
    name: "a build that is queued",
    world: world({ builds: [build(3, ended("Queued", "Queued", "2 builds are before it"))] }),
    situation: "BuildQueued",
    sentence: "Build 3 is queued: 2 builds are before it; release 2 keeps serving",
    next: "jdos build cancel 3",
  },
  {
    name: "a build that was cancelled while a release serves",
    world: world({ builds: [build(3, ended("Cancelled", "Cancelled", "ann cancelled it in stage build"))] }),
    situation: "BuildCancelled",
    healthy: true,
    sentence: "Build 3 was cancelled: ann cancelled it in stage build; release 2 keeps serving",
    next: "jdos build retry 3",
  },
  {
    name: "a build that a newer one overtook",
    world: world({
      builds: [build(3, ended("Cancelled", "Superseded", "Build 4 builds a newer revision"))],
      releases: [],
      pods: [],
    }),
    situation: "BuildSuperseded",
    sentence: "Build 3 was cancelled: Build 4 builds a newer revision",
  },
  ...(["TimedOut", "OutOfDisk", "OutOfMemory"] as const).map((reason) => ({
    name: `a build that ended ${reason}`,
    world: world({ builds: [build(3, ended("Failed", reason, "Stage build: too much"))] }),
    situation: `Build${reason}`,
    sentence: "Build 3 was ended: Stage build: too much; release 2 keeps serving",
    next: "jdos build logs 3",
  })),
  {
    name: "a build that waits",
    world: world({ builds: [build(3, { phase: "Pending" })], pods: [], releases: [] }),
    situation: "BuildWaits",
    sentence: "Build 3 waits to start",
  },
  {
    name: "a build under way",
    world: world({ builds: [build(3, { phase: "Running", stages: [{ name: "build", state: "Running" }] })] }),
    situation: "Building",
    sentence: 'Build 3 is running at stage "build"; release 2 keeps serving',
  },
  {
    name: "scaled to zero",
    world: world({ application: application({ replicas: 0 }), pods: [] }),
    situation: "Stopped",
    sentence: "scaled to 0 replicas",
    healthy: true,
    next: "jdos scale --replicas 1",
  },
  {
    name: "a quota that is used up",
    world: world({
      pods: [],
      deployment: deployment({
        status: {
          conditions: [
            {
              type: "ReplicaFailure",
              status: "True",
              message:
                'pods "hello-x" is forbidden: exceeded quota: demo, requested: pods=1, used: pods=4, limited: pods=4',
            },
          ],
        },
      }),
    }),
    situation: "QuotaExceeded",
    sentence: "it asks for pods=1, pods=4 is used and pods=4 is the limit",
  },
  {
    name: "a Pod the cluster refuses",
    world: world({
      pods: [],
      events: [
        event("hello-abc", "FailedCreate", "admission says no", {
          involvedObject: { kind: "ReplicaSet", name: "hello-abc" },
        }),
      ],
    }),
    situation: "PodRefused",
    sentence: "admission says no",
  },
  {
    name: "a canary that waits to be promoted",
    world: world({
      application: application(
        {},
        {
          currentRelease: 1,
          rollout: {
            ...{ phase: "Paused", strategy: "Canary", release: 2, from: 1, step: 1, steps: 2, weight: 10 },
            ...{ since: "2026-01-01T00:00:00Z", message: "Release v2 takes 10 % of the requests" },
          },
        },
      ),
      pods: [pod(A, { ready: true }), earlier],
    }),
    situation: "WaitsForPromotion",
    sentence: "Release v2 takes 10 % of the requests",
    next: "jdos canary promote --system demo --app hello",
    healthy: true,
  },
  {
    name: "a release that takes over in place, whose Pod is about to start from it",
    world: world({
      application: application(
        {},
        {
          currentRelease: 1,
          rollout: {
            ...{ phase: "Progressing", strategy: "InPlace", release: 2, from: 1, weight: 0 },
            ...{ since: "2026-01-01T00:00:00Z", message: "Release v2 takes over: 0 of 1 serve it" },
          },
        },
      ),
      pods: [
        pod(A, {
          metadata: { annotations: { [IMAGE_CHANGED_ANNOTATION]: JSON.stringify(change) } },
          container: {
            restartCount: 2,
            state: { waiting: { reason: "ContainerCreating" } },
            lastState: { terminated: { exitCode: 143, reason: "Error" } },
          },
        }),
      ],
    }),
    situation: "BeingTried",
    sentence: "Release v2 takes over: 0 of 1 serve it",
    next: "jdos canary status --system demo --app hello",
    healthy: true,
  },
  {
    name: "a release that was left",
    world: world({
      application: application({ release: 3 }),
      releases: [
        release(1),
        release(2),
        release(3, {
          ...{ insteadOf: 2, rollbackTo: 1, podsOf: 1 },
          reason: 'back to v1, for v2 was left: Pod x said "DATABASE_URL is not set"',
        }),
      ],
      pods: [earlier],
    }),
    situation: "ReleaseLeft",
    sentence: "Release 3 runs with 1 of 1 Pods ready: back to v1, for v2 was left",
    next: "jdos env set DATABASE_URL=VALUE --system demo --app hello",
    healthy: true,
  },
  {
    name: "a paused rollout",
    world: world({ deployment: deployment({ spec: { paused: true } }), pods: [unready, earlier] }),
    situation: "Paused",
    sentence: 'The rollout of "hello" is paused; release 1 keeps serving',
    next: "kubectl rollout resume",
  },
  {
    name: "no room for memory",
    world: world({
      pods: [
        pod(A, {
          phase: "Pending",
          node: null,
          conditions: [
            {
              type: "PodScheduled",
              status: "False",
              message: "0/1 nodes are available: 1 Insufficient memory.",
            },
          ],
        }),
      ],
    }),
    situation: "Unschedulable",
    sentence: "0/1 nodes are available: 1 Insufficient memory.",
    next: "Ask for less memory",
  },
  {
    name: "a scheduler that does not answer",
    world: world({ pods: [pod(A, { phase: "Pending", node: null })] }),
    situation: "WaitsForScheduler",
    sentence: "waits for the scheduler",
  },
  {
    name: "an image the registry does not have",
    world: world({ pods: [waiting("ErrImagePull", "manifest unknown")] }),
    situation: "ImagePullFailed",
    sentence: 'Image "demo/hello@2" cannot be pulled: the registry does not have it',
  },
  {
    name: "an image whose registry does not answer, in back-off",
    world: world({
      pods: [waiting("ImagePullBackOff", "Back-off pulling image")],
      events: [event(A, "Failed", 'Failed to pull image "x": dial tcp: lookup nowhere: no such host')],
    }),
    situation: "ImagePullFailed",
    sentence: "its registry does not answer",
    next: 'this machine reaches the registry "docker.io"; images of this platform begin with registry.jdos.internal/',
  },
  {
    name: "an image name that is none",
    world: world({ pods: [waiting("InvalidImageName")] }),
    situation: "ImagePullFailed",
    sentence: "not a valid image reference",
  },
  {
    name: "a missing secret",
    world: world({ pods: [waiting("CreateContainerConfigError", 'secret "db" not found')] }),
    situation: "ConfigurationMissing",
    sentence: 'secret "db" not found',
  },
  {
    name: "a volume that cannot be mounted",
    world: world({
      pods: [pod(A, { phase: "Pending" })],
      events: [event(A, "FailedMount", 'configmap "c" not found')],
    }),
    situation: "VolumeMissing",
    sentence: 'configmap "c" not found',
  },
  {
    name: "a sandbox without network",
    world: world({
      pods: [pod(A, { phase: "Pending" })],
      events: [event(A, "FailedCreatePodSandBox", "cni: try again")],
    }),
    situation: "NetworkMissing",
    sentence: "its sandbox or its network cannot be set up",
  },
  {
    name: "a command that is not in the image",
    world: world({
      pods: [waiting("RunContainerError", 'exec: "serve": executable file not found in $PATH')],
    }),
    situation: "WontStart",
    sentence: 'its command "serve" is not in the image',
  },
  {
    name: "out of memory",
    world: world({
      pods: [
        pod(A, {
          spec: { containers: [{ name: "app", resources: { limits: { memory: "64Mi" } } }] },
          container: {
            restartCount: 2,
            state: { waiting: { reason: "CrashLoopBackOff" } },
            lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
          },
        }),
      ],
    }),
    situation: "OOMKilled",
    sentence: "its limit of 64Mi (OOMKilled, restarted 2 times)",
  },
  {
    name: "a crash loop with an earlier release serving",
    world: world({
      pods: [crashed(1), earlier],
      logs: [log(A, "starting", "Error: Cannot find module 'express'")],
    }),
    situation: "CrashLoop",
    sentence:
      "Container \"app\" crashes with exit code 1 and was restarted 3 times; it said last: Error: Cannot find module 'express'; release 1 keeps serving",
    next: 'Add "express" to the dependencies',
  },
  {
    name: "a main process that ends by itself",
    world: world({ pods: [crashed(0, "Completed")] }),
    situation: "CrashLoop",
    sentence: "ends by itself with exit code 0",
    next: "must not end",
  },
  {
    name: "a missing variable",
    world: world({ pods: [crashed(2)], logs: [log(A, "DATABASE_URL is not set")] }),
    situation: "CrashLoop",
    sentence: "exit code 2",
    next: "jdos env set DATABASE_URL=VALUE",
  },
  {
    name: "a liveness probe that fails",
    world: world({
      pods: [pod(A, { container: { restartCount: 4, state: { running: {} } } })],
      events: [event(A, "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500")],
    }),
    situation: "LivenessFails",
    sentence: "its liveness probe fails: HTTP probe failed with statuscode: 500",
  },
  {
    name: "a container that ended for the first time",
    world: world({ pods: [pod(A, { container: { state: { terminated: { exitCode: 3 } } } })] }),
    situation: "Ended",
    sentence: "exit code 3 and is about to be restarted",
  },
  {
    name: "an evicted Pod",
    world: world({
      pods: [
        pod(A, { phase: "Failed", status: { reason: "Evicted", message: "The node was low on memory" } }),
      ],
    }),
    situation: "Evicted",
    sentence: "The node was low on memory",
  },
  {
    name: "another port than its traffic's",
    world: world({ pods: [unready], events: [probe(REFUSED)], logs: [log(A, "Listening on port 3000")] }),
    situation: "WrongPort",
    sentence: "listens on port 3000, but its traffic goes to port 8080",
    next: "run.ports to 3000",
  },
  {
    name: "loopback only",
    world: world({
      pods: [unready],
      events: [probe(REFUSED)],
      logs: [log(A, "Server running at http://127.0.0.1:8080/")],
    }),
    situation: "ListensOnLoopback",
    sentence: "loopback address only",
    next: "0.0.0.0",
  },
  {
    name: "a readiness probe answered with 503",
    world: world({
      pods: [
        pod(A, {
          spec: {
            containers: [{ name: "app", readinessProbe: { httpGet: { path: "/ready", port: 8080 } } }],
          },
        }),
      ],
      events: [probe("HTTP probe failed with statuscode: 503")],
    }),
    situation: "ReadinessFails",
    sentence: 'answers its readiness probe "/ready" with HTTP 503',
  },
  {
    name: "a readiness probe without an answer in time",
    world: world({ pods: [unready], events: [probe("context deadline exceeded")] }),
    situation: "ReadinessFails",
    sentence: "does not answer its readiness probe in time",
  },
  {
    name: "nothing that listens",
    world: world({ pods: [unready], events: [probe(REFUSED)] }),
    situation: "ReadinessFails",
    sentence: "nothing answers on port",
  },
  {
    name: "a stalled rollout",
    world: world({
      pods: [unready],
      deployment: deployment({
        status: {
          conditions: [
            { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "too long" },
          ],
        },
      }),
    }),
    situation: "RolloutStalled",
    sentence: "made no progress within its deadline",
  },
  {
    name: "a Pod that only needs time",
    world: world({ pods: [unready] }),
    situation: "Starting",
    sentence: "1 of 1 Pods is starting",
  },
  {
    name: "Pods that are held back until nodes have their image",
    world: world({
      application: application(
        { replicas: 9 },
        { spread: { image: "i", since: "2026-01-01T00:00:00Z", wanted: 4, message: "8 Pods wait" } },
      ),
      pods: [unready],
    }),
    situation: "SpreadingImage",
    sentence: "8 Pods wait",
    healthy: true,
  },
  {
    name: "old Pods beside new ones",
    world: world({ application: application({ replicas: 2 }), pods: [pod(A, { ready: true }), earlier] }),
    situation: "RollingOut",
    sentence: "1 of 2 Pods are ready; release 1 keeps serving",
  },
  {
    name: "no route",
    world: world({
      application: application(
        {},
        { conditions: [{ type: "Routed", status: "False", message: "the host is taken" }] },
      ),
    }),
    situation: "NotRouted",
    sentence: "the host is taken",
  },
  {
    name: "a release that waits for approval",
    world: world({ application: application({ deployPolicy: "Manual", release: 1 }), pods: [earlier] }),
    situation: "WaitsForApproval",
    sentence: "Release 2 is ready to deploy but not current",
    healthy: true,
  },
  {
    name: "a release that was tampered with",
    world: world({
      releases: [
        release(
          2,
          {},
          { status: { conditions: [{ type: "Intact", status: "False", message: "hash differs" }] } },
        ),
      ],
    }),
    situation: "ReleaseTampered",
    sentence: "no longer matches its hash",
  },
  {
    name: "a release that is gone, though a later build failed",
    world: world({
      application: application(
        { release: 9 },
        {
          conditions: [
            {
              type: "Released",
              status: "False",
              reason: "ReleaseMissing",
              message: "Release v9 does not exist",
              observedGeneration: 1,
            },
          ],
        },
      ),
      builds: [build(7, { phase: "Failed" })],
    }),
    situation: "ReleaseMissing",
    sentence: "Release v9 does not exist",
    next: "jdos releases --system demo --app hello",
  },
  {
    name: "an application that is being deleted",
    world: world({
      application: {
        ...application(),
        metadata: { ...application().metadata, deletionTimestamp: "2026-01-01T00:00:09Z" },
      },
    }),
    situation: "Deleting",
    sentence: "is being deleted",
  },
  {
    name: "a release that keeps the Pods of an earlier one",
    world: world({ releases: [release(1), release(2, { podsOf: 1 })], pods: [earlier] }),
    situation: "Healthy",
    sentence: "release 2 runs",
    healthy: true,
  },
];

describe("explain()", () => {
  for (const { name, world, situation, sentence, next, healthy = false, evidence } of CASES) {
    it(`explain() knows ${name}`, () => {
      const found = explain(world);
      assert.equal(found.situation, situation, found.sentence);
      assert.ok(found.sentence.includes(sentence), `"${found.sentence}" says "${sentence}"`);
      assert.equal(found.healthy, healthy);
      assert.ok(found.nextStep.includes(next ?? ""), `"${found.nextStep}" says "${next}"`);
      if (evidence !== undefined) assert.ok(found.evidence.some(({ text }) => text === evidence));
    });
  }
});
