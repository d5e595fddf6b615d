import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNotEvaluable } from "./check.ts";
import { evaluate } from "./evaluate.ts";
import { parseCel } from "./parse.ts";
import { evaluateChangeRules, evaluateStateRules } from "./rules.ts";

const self = {
  replicas: 3,
  min: 1,
  max: 5,
  name: "web",
  tags: ["a", "b"],
  ports: [
    { name: "http", port: 80 },
    { name: "tls", port: 443 },
  ],
  labels: { tier: "front" },
  "dashed-name": true,
};

const expressions: readonly [string, unknown][] = [
  ["self.replicas <= self.max && self.replicas >= self.min", true],
  ["self.min > self.max || self.replicas == 3", true],
  ["has(self.name) && !has(self.missing)", true],
  ["self.missing == 1 || true", true],
  ["true || self.missing == 1", true],
  ["size(self.tags) == 2 && self.tags.size() == 2", true],
  ["self.ports.all(p, p.port > 0 && p.port < 65536)", true],
  ["self.ports.exists(p, p.name == 'tls')", true],
  ["self.ports.exists_one(p, p.port == 80)", true],
  ["self.ports.filter(p, p.port > 100).map(p, p.name)", ["tls"]],
  ["self.name.matches('^[a-z]+$')", true],
  ["self.name.startsWith('w') ? 'yes' : 'no'", "yes"],
  ["'a' in self.tags && 'tier' in self.labels", true],
  ["self.labels['tier'] == \"front\"", true],
  ["self.dashed__dash__name", true],
  ["7 / 2 + 7 % 2 * 2 - -1", 6],
  ["self.?missing.orValue('none')", "none"],
  ["self.?labels.?tier.orValue('none')", "front"],
  ["duration('1h30m') > duration('80m')", true],
  ["[1, 2] + [3] == [1, 2, 3]", true],
  ["{'a': 1}.a == 1", true],
  ["'%' + string(5)", "%5"],
];

for (const [source, expected] of expressions) {
  test(`evaluate() ${source}`, () => {
    assert.deepEqual(evaluate(parseCel(source), { self }), expected);
  });
}

const unreadable: readonly [string, string][] = [
  ["self.a ==", "expected a value at 9, found the end"],
  ["other.a == 1", "undeclared reference to 'other'"],
  ["self.a.format('x')", "undeclared reference to 'format'"],
  ["self.a # 1", 'unexpected character "#" at 7'],
];

for (const [source, why] of unreadable) {
  test(`whyNotEvaluable() tells what is wrong with ${source}`, () => {
    assert.equal(whyNotEvaluable(source), why);
  });
}

const schema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      "x-kubernetes-validations": [
        { rule: "self.min <= self.max", message: "min must not be above max" },
        { rule: "self.max < 100", messageExpression: "'max is ' + string(self.max)" },
      ],
      properties: {
        min: { type: "integer" },
        max: { type: "integer" },
        name: {
          type: "string",
          "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "name may not change" }],
        },
      },
    },
  },
};

function broken(value: object, old?: object): string[] {
  const errors =
    old === undefined ? evaluateStateRules(schema, value) : evaluateChangeRules(schema, value, old);
  return errors.map((error) => `${error.field}: ${error.message}`);
}

test("evaluateStateRules() finds nothing where all rules hold", () => {
  assert.deepEqual(broken({ spec: { min: 1, max: 2, name: "a" } }), []);
});

test("evaluateStateRules() says what a broken rule says", () => {
  assert.deepEqual(broken({ spec: { min: 3, max: 2 } }), [
    'spec: Invalid value: "object": min must not be above max',
  ]);
  assert.deepEqual(broken({ spec: { min: 1, max: 100 } }), ['spec: Invalid value: "object": max is 100']);
});

test("evaluateChangeRules() asks about a change alone", () => {
  const old = { spec: { min: 1, max: 2, name: "a" } };
  assert.deepEqual(broken({ spec: { min: 1, max: 2, name: "b" } }, old), [
    'spec.name: Invalid value: "string": name may not change',
  ]);
  assert.deepEqual(broken({ spec: { min: 1, max: 2, name: "a" } }, old), []);
});

test("evaluateStateRules() refuses where a rule cannot be answered", () => {
  assert.deepEqual(broken({ spec: { min: 1 } }), [
    'spec: Invalid value: "object": no such key: max evaluating rule: min must not be above max',
    'spec: Invalid value: "object": no such key: max evaluating rule: self.max < 100',
  ]);
});
