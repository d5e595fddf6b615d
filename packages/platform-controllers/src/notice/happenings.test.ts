import assert from "node:assert/strict";
import test from "node:test";
import type { Build, Release } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { happeningsOf } from "./happenings.ts";

const TIME = "2030-01-01T00:00:00Z";
const metadata = (name: string) => ({ name, namespace: "demo", uid: name, creationTimestamp: TIME });
const build = (number: number, completionTime = TIME) =>
  ({
    metadata: metadata(`hello-b${number}`),
    spec: { application: "hello", number },
    status: { phase: "Succeeded", completionTime },
  }) as Stored<Build>;
const release = {
  metadata: metadata("hello-v1"),
  spec: { application: "hello", number: 1 },
  status: { deployedTime: TIME },
} as Stored<Release>;

test("happeningsOf() has one order for what ended in the same second, whatever order it is listed in", () => {
  const builds = [build(10), build(2), build(3), build(1, "2030-01-01T00:00:01Z")];
  for (const listed of [builds, [...builds].reverse()])
    assert.deepEqual(
      happeningsOf(listed, [release]).map(({ about }) => about.object.metadata.name),
      ["hello-b2", "hello-b3", "hello-b10", "hello-v1", "hello-b1"],
    );
});
