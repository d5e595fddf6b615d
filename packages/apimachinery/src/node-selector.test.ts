import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchesNode, matchesNodeTerm, tolerates } from "./node-selector.ts";

const node = { metadata: { name: "n1", labels: { zone: "a", cores: "8" } } };

describe("matchesNode", () => {
  it("matchesNode() wants every label of nodeSelector and one of the required terms", () => {
    const term = (...values: string[]) => ({ matchExpressions: [{ key: "zone", operator: "In", values }] });
    const required = (...nodeSelectorTerms: object[]) => ({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    });
    assert.ok(matchesNode({}, node));
    assert.ok(matchesNode({ nodeSelector: { zone: "a" } }, node));
    assert.ok(!matchesNode({ nodeSelector: { zone: "a", disk: "ssd" } }, node));
    assert.ok(matchesNode(required(term("b"), term("a")), node));
    assert.ok(!matchesNode(required(term("b")), node));
    assert.ok(!matchesNode(required({}), node));
  });

  it("matchesNodeTerm() reads numbers and the node's name", () => {
    assert.ok(matchesNodeTerm({ matchExpressions: [{ key: "cores", operator: "Gt", values: ["4"] }] }, node));
    assert.ok(
      matchesNodeTerm({ matchFields: [{ key: "metadata.name", operator: "In", values: ["n1"] }] }, node),
    );
    assert.ok(
      !matchesNodeTerm({ matchFields: [{ key: "metadata.name", operator: "In", values: ["n2"] }] }, node),
    );
  });
});

describe("tolerates", () => {
  const taint = { key: "dedicated", value: "db", effect: "NoSchedule" };
  const cases: [title: string, toleration: object, answer: boolean][] = [
    ["the same key, value and effect", { key: "dedicated", value: "db", effect: "NoSchedule" }, true],
    ["every effect when none is named", { key: "dedicated", value: "db" }, true],
    ["another value not", { key: "dedicated", value: "web" }, false],
    ["any value with Exists", { key: "dedicated", operator: "Exists" }, true],
    ["everything with Exists and no key", { operator: "Exists" }, true],
    ["nothing with Equal and no key", { value: "db" }, false],
    ["another effect not", { key: "dedicated", operator: "Exists", effect: "NoExecute" }, false],
  ];
  for (const [title, toleration, answer] of cases) {
    it(`tolerates() accepts ${title}`, () => assert.equal(tolerates([toleration], taint), answer));
  }
});
