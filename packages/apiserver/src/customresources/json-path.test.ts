import assert from "node:assert/strict";
import { test } from "node:test";
import { compileJsonPath } from "./json-path.ts";

const object = {
  metadata: { labels: { "app.kubernetes.io/name": "web" } },
  spec: { replicas: 3, hosts: ["a", "b"] },
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Progressing", status: "False" },
    ],
  },
};

const cases: readonly [string, unknown[]][] = [
  [".spec.replicas", [3]],
  ["{.spec.replicas}", [3]],
  [".spec.hosts[0]", ["a"]],
  [".spec.hosts[-1]", ["b"]],
  [".spec.hosts[*]", ["a", "b"]],
  ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
  [".status.conditions[?(@.type=='Progressing')].status", ["False"]],
  ['.status.conditions[?(@.type!="Ready")].type', ["Progressing"]],
  [".metadata.labels['app.kubernetes.io/name']", ["web"]],
  [".metadata.labels.app\\.kubernetes\\.io\\/name", ["web"]],
  [".spec.none.deeper", []],
];

for (const [path, expected] of cases) {
  test(`compileJsonPath() finds ${path}`, () => {
    assert.deepEqual(compileJsonPath(path)?.(object), expected);
  });
}

test("compileJsonPath() does not take what it cannot follow", () => {
  assert.equal(compileJsonPath(".spec[?(@.a > 3)]"), undefined);
});
