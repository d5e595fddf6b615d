import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Build, BuildSpec, BuildStatus } from "@jdos/api";
import type { Persisted } from "@jdos/apimachinery";
import { settingsOf } from "../options.ts";
import { basesOf } from "./bases.ts";
import {
  NEWER_BASES_ANNOTATION,
  planRebuild,
  REBUILD_ATTEMPT_ANNOTATION,
  type RebuildWorld,
} from "./plan.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const NODE = "docker.io/library/node:24";
const NOW = new Date("2030-01-01T12:00:00Z");

function build(number: number, status: BuildStatus, spec: Partial<BuildSpec> = {}): Persisted<Build> {
  return {
    apiVersion: "jdos.io/v1",
    kind: "Build",
    metadata: {
      name: `app-b${number}`,
      namespace: "demo",
      uid: String(number),
    } as Persisted<Build>["metadata"],
    spec: {
      application: "app",
      number,
      source: { git: { url: "https://x/y.git", revision: "main" } },
      ...spec,
    },
    status,
  };
}

const CURRENT = build(1, { phase: "Succeeded", revision: "a".repeat(40) });

function tried(number: number, attempt: number, status: BuildStatus): Persisted<Build> {
  const made = build(number, status, { trigger: { kind: "BaseImage" } });
  const annotations = {
    [NEWER_BASES_ANNOTATION]: `${NODE}=${digest("b")}`,
    [REBUILD_ATTEMPT_ANNOTATION]: String(attempt),
  };
  return { ...made, metadata: { ...made.metadata, annotations } };
}

function plan(builds: Persisted<Build>[] = [], world: Partial<RebuildWorld> = {}) {
  return planRebuild({
    application: {
      ...{ apiVersion: "jdos.io/v1", kind: "Application", spec: {} },
      metadata: { name: "app", namespace: "demo" } as never,
    },
    policy: "Automatic",
    build: CURRENT,
    builds: [CURRENT, ...builds],
    newer: [{ image: NODE, digest: digest("a"), now: digest("b") }],
    hasRoom: true,
    now: NOW,
    ...world,
  });
}

describe("planRebuild()", () => {
  it("planRebuild() builds the commit that the branch was, and marks what for", () => {
    const { create } = plan();
    assert.equal(create?.spec.source.git?.revision, "a".repeat(40));
    assert.deepEqual(create.spec.trigger, { kind: "BaseImage" });
    assert.deepEqual(create.annotations, {
      [NEWER_BASES_ANNOTATION]: `${NODE}=${digest("b")}`,
      [REBUILD_ATTEMPT_ANNOTATION]: "1",
    });
  });

  it("planRebuild() makes one Build at a time, and none while others have no room", () => {
    assert.equal(plan([build(2, { phase: "Queued" })]).create, undefined);
    const full = plan([], { hasRoom: false });
    assert.deepEqual([full.reason, full.create], ["RebuildWaits", undefined]);
    assert.ok((full.againSeconds ?? 0) >= 30);
  });

  it("planRebuild() tries three times, later and later, and not what was cancelled or has succeeded", () => {
    const at = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();
    const failed = (number: number, attempt: number, seconds: number) =>
      tried(number, attempt, { phase: "Failed", completionTime: at(seconds) });
    assert.equal(plan([failed(2, 1, 100)]).againSeconds, 500);
    assert.equal(plan([failed(2, 1, 601)]).create?.annotations[REBUILD_ATTEMPT_ANNOTATION], "2");
    assert.equal(plan([failed(3, 2, 601)]).againSeconds, 1799);
    const last = plan([failed(4, 3, 1e6)]);
    assert.deepEqual([last.reason, last.create, last.againSeconds], ["RebuildFailed", undefined, undefined]);
    assert.match(last.message, /3 tries are enough. Build it again: jdos build retry 1 /);
    assert.equal(plan([tried(2, 1, { phase: "Cancelled", completionTime: at(1e6) })]).create, undefined);
    assert.equal(plan([tried(2, 1, { phase: "Succeeded", completionTime: at(1e6) })]).reason, "Rebuilt");
  });

  it("planRebuild() with Offer says how and builds nothing", () => {
    const { create, message } = plan([], { policy: "Offer" });
    assert.equal(create, undefined);
    assert.match(message, /Build it again: jdos build retry 1 --system demo --app app$/);
  });
});

describe("basesOf()", () => {
  const settings = settingsOf({});
  const base = `registry.jdos.internal/jdos/base@${digest("c")}`;

  it("basesOf() has the platform's base of a stack, by the name that it has now", () => {
    const node = build(1, { stack: "node: package.json", materials: [{ image: base, digest: digest("c") }] });
    assert.deepEqual(basesOf(node, settings), [
      { image: "registry.jdos.internal/jdos/base:12", digest: digest("c") },
    ]);
  });

  it("basesOf() leaves out what a Dockerfile names by digest, and the application's own images", () => {
    const own = "registry.jdos.internal/demo/app";
    const named = build(1, {
      stack: "dockerfile: Dockerfile",
      image: `${own}@${digest("d")}`,
      materials: [
        { image: base, digest: digest("c") },
        { image: `${own}:cache`, digest: digest("e") },
      ],
      bases: [{ image: NODE, digest: digest("a") }],
    });
    assert.deepEqual(basesOf(named, settings), [{ image: NODE, digest: digest("a") }]);
  });
});
