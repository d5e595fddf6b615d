import assert from "node:assert/strict";
import { test } from "node:test";
import { declarations } from "./declarations.ts";
import { Inspector } from "./inspect.ts";

interface Outcome {
  object: Record<string, unknown>;
  unknown: string[];
  wrong: string[];
}

function inspect(name: string, given: object): Outcome {
  const inspector = new Inspector(declarations);
  const object = structuredClone(given) as Record<string, unknown>;
  const definition = declarations.get(name);
  assert.ok(definition);
  inspector.object(definition, object, "");
  return { object, unknown: inspector.findings.unknownFields, wrong: inspector.findings.typeErrors };
}

const POD = "io.k8s.api.core.v1.Pod";

test("Inspector.object() names unknown fields by their path and drops them", () => {
  const { object, unknown } = inspect(POD, { spec: { containers: [{ name: "a", imagee: "x" }], foo: 1 } });
  assert.deepEqual(unknown.sort(), ["spec.containers[0].imagee", "spec.foo"]);
  assert.deepEqual(object, { spec: { containers: [{ name: "a" }] } });
});

const wrong: readonly [string, object, string][] = [
  [
    "a number for a name",
    { metadata: { name: 5 } },
    "json: cannot unmarshal number 5 into Go struct field ObjectMeta.metadata.name of type string",
  ],
  [
    "a fraction for a whole number",
    { spec: { containers: [{ name: "a", ports: [{ containerPort: 1.5 }] }] } },
    "json: cannot unmarshal number 1.5 into Go struct field ContainerPort.spec.containers[0].ports[0].containerPort of type int32",
  ],
  [
    "an object for a list",
    { spec: { containers: {} } },
    "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
  ],
  [
    "a list for an object",
    { spec: [] },
    "json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec",
  ],
  [
    "a flag for a label",
    { metadata: { labels: { a: true } } },
    "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels.a of type string",
  ],
  [
    "a malformed quantity",
    { spec: { containers: [{ name: "a", resources: { limits: { cpu: "1x" } } }] } },
    "spec.containers[0].resources.limits.cpu: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
];

for (const [what, given, sentence] of wrong) {
  test(`Inspector.object() refuses ${what}`, () => {
    assert.deepEqual(inspect(POD, given).wrong, [sentence]);
  });
}

test("Inspector.object() refuses what is no base64", () => {
  const { wrong: found } = inspect("io.k8s.api.core.v1.Secret", { data: { a: "no base64!" } });
  assert.equal(found.length, 1);
  assert.match(found[0] ?? "", /^data\.a: illegal base64 data at input byte/);
});

test("Inspector.object() takes numbers and names where both are allowed", () => {
  const ports = [
    { port: 80, targetPort: "http" },
    { port: 81, targetPort: 8081 },
  ];
  const { wrong: found, unknown } = inspect("io.k8s.api.core.v1.Service", { spec: { ports } });
  assert.deepEqual([found, unknown], [[], []]);
});
