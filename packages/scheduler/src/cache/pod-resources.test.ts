import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "../testing/index.ts";
import { podRequests } from "./pod-resources.ts";

const asking = (name: string, cpu: string, restartPolicy?: string) => ({
  name,
  resources: { requests: { cpu } },
  ...(restartPolicy === undefined ? {} : { restartPolicy }),
});

test("podRequests() takes the larger of init peak and containers", () => {
  const heavy = pod("p", {}, { initContainers: [asking("init", "2")], containers: [asking("app", "500m")] });
  assert.equal(podRequests(heavy).cpuMillis, 2000);
});

test("podRequests() adds sidecars to the containers and to later init containers", () => {
  const spec = {
    initContainers: [asking("side", "1", "Always"), asking("init", "2")],
    containers: [asking("app", "1500m")],
  };
  assert.equal(podRequests(pod("p", {}, spec)).cpuMillis, 3000);
});

test("podRequests() adds overhead", () => {
  assert.equal(
    podRequests(pod("p", { memory: "1Mi" }, { overhead: { memory: "1Mi" } })).memoryBytes,
    2 << 20,
  );
});
