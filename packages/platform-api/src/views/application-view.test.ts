import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Application } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { applicationView } from "./application-view.ts";

const routes = { domain: "jdos.localhost", port: 8080 };

/** An application without a release, as the controllers leave it. */
function unreleased(
  built: { status: "True" | "False" | "Unknown"; reason: string },
  latestBuild?: string,
): Stored<Application> {
  return {
    apiVersion: "jdos.io/v1",
    kind: "Application",
    metadata: {
      name: "hello",
      namespace: "demo",
      uid: "u",
      resourceVersion: "1",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: { replicas: 1 },
    status: {
      observedGeneration: 1,
      ...(latestBuild === undefined ? {} : { latestBuild }),
      conditions: [
        { type: "Built", ...built },
        { type: "Progressing", status: "False", reason: "NothingToRoll" },
        { type: "Ready", status: "False", reason: built.reason },
      ],
    },
  };
}

describe("applicationView()", () => {
  for (const [state, built, latestBuild] of [
    ["Deploying", { status: "Unknown", reason: "BuildQueued" }, "hello-b1"],
    ["Deploying", { status: "Unknown", reason: "Building" }, "hello-b1"],
    ["Failed", { status: "False", reason: "BuildFailed" }, "hello-b1"],
    ["Failed", { status: "False", reason: "BuildCancelled" }, "hello-b1"],
    ["Empty", { status: "False", reason: "NoBuild" }, undefined],
  ] as const)
    it(`says "${state}" of an application without a release whose build says ${built.reason}`, () => {
      assert.equal(applicationView(unreleased(built, latestBuild), { routes }).state, state);
    });
});
