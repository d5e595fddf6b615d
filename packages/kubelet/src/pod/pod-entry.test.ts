import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate } from "node:timers/promises";
import type { PodObject } from "./pod.ts";
import { createPodEntry, whileWanted } from "./pod-entry.ts";

test("whileWanted() leaves no failure unheard of work whose Pod is not wanted any more", async () => {
  const metadata = { name: "p", namespace: "d", uid: "u", resourceVersion: "1", creationTimestamp: "" };
  const pod: PodObject = { apiVersion: "v1", kind: "Pod", metadata };
  const entry = createPodEntry(pod);
  entry.interrupt.abort(new Error("The Pod was deleted"));
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => void unheard.push(reason);
  process.on("unhandledRejection", hear);
  await assert.rejects(whileWanted(entry, Promise.reject(new Error("no image"))), /was deleted/);
  await setImmediate();
  process.off("unhandledRejection", hear);
  assert.deepEqual(unheard, []);
});
