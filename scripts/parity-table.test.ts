import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parityTable } from "./parity-table.ts";
import { TestResults } from "./test-results.ts";

describe("parityTable()", () => {
  it("shows every test in both columns, with the reason of a skip, also of a whole suite", () => {
    const embedded = {
      "e2e/a.test.ts": [
        { title: "deploys", state: "passed" as const },
        { title: "opens | a page", state: "passed" as const },
      ],
      "e2e/machine.test.ts": [{ title: "down", state: "passed" as const }],
    };
    const kubernetes = {
      "e2e/a.test.ts": [
        { title: "deploys", state: "failed" as const },
        { title: "opens | a page", state: "skipped" as const, reason: "no port" },
      ],
      "e2e/machine.test.ts": [
        { title: "a machine", state: "skipped" as const, reason: "one machine's", suite: true as const },
      ],
    };
    const page = parityTable(embedded, kubernetes);
    assert.match(page, /^\| deploys \| passed \| failed \|$/m);
    assert.match(page, /^\| opens \\\| a page \| passed \| skipped: no port \|$/m);
    assert.match(page, /^\| down \| passed \| skipped: one machine's \|$/m);
    assert.match(page, /Kubernetes 1\.20\.2: 0 passed, 1 failed, 1 skipped/);
  });
});

describe("TestResults", () => {
  it("keeps tests and skipped suites, not suites that ran", () => {
    const results = new TestResults();
    const file = "/e2e/a.test.ts";
    const suite = { type: "suite" };
    results.take({
      type: "test:pass",
      data: { file, name: "deploys", nesting: 1, details: { type: "test" } },
    });
    results.take({ type: "test:fail", data: { file, name: "a machine", nesting: 0, details: suite } });
    results.take({
      type: "test:pass",
      data: { file, name: "survival", nesting: 0, skip: "why", details: suite },
    });
    const [kept] = Object.values(results.files());
    assert.deepEqual(kept, [
      { title: "deploys", state: "passed" },
      { title: "survival", state: "skipped", reason: "why", suite: true },
    ]);
  });
});
