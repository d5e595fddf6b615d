import assert from "node:assert/strict";
import test from "node:test";
import type { PodObject } from "../pod/pod.ts";
import { hasStorageLimits, measuredVolumes, storageVerdict } from "./local-storage.ts";

const MIB = 1024 * 1024;
const pod = (spec: object) => ({ metadata: { uid: "u" }, spec }) as unknown as PodObject;
const limited = pod({
  containers: [{ name: "a", resources: { limits: { "ephemeral-storage": "10Mi" } } }, { name: "b" }],
  volumes: [
    { name: "work", emptyDir: { sizeLimit: "5Mi" } },
    { name: "free", emptyDir: {} },
    { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
  ],
});
const use = (volumes: Record<string, number>, containers: Record<string, number> = {}) => ({
  volumes: new Map(Object.entries(volumes)),
  containers: new Map(Object.entries(containers)),
});

test("storageVerdict() names the bound that a Pod has broken, in the kubelet's words", () => {
  assert.equal(storageVerdict(limited, use({ work: 5 * MIB, free: 4 * MIB }, { a: MIB })), undefined);
  assert.match(
    storageVerdict(limited, use({ work: 5 * MIB + 1 })) ?? "",
    /^Usage of EmptyDir volume "work" exceeds the limit "5Mi"\. $/,
  );
  assert.match(
    storageVerdict(limited, use({ free: 9 * MIB }, { b: 2 * MIB })) ?? "",
    /^Pod ephemeral local storage/,
  );
  const two = pod({
    containers: ["a", "b"].map((name) => ({ name, resources: { limits: { "ephemeral-storage": "10Mi" } } })),
  });
  assert.match(storageVerdict(two, use({}, { a: 11 * MIB })) ?? "", /^Container a exceeded its local/);
});

test("measuredVolumes() leaves out what lies in memory, and what nobody bounds", () => {
  assert.deepEqual(measuredVolumes(limited), ["work", "free"]);
  const one = pod({
    containers: [{ name: "a" }],
    volumes: [
      { name: "w", emptyDir: { sizeLimit: "1Mi" } },
      { name: "f", emptyDir: {} },
    ],
  });
  assert.deepEqual(measuredVolumes(one), ["w"]);
  assert.equal(
    hasStorageLimits(pod({ containers: [{ name: "a" }], volumes: [{ name: "f", emptyDir: {} }] })),
    false,
  );
});
