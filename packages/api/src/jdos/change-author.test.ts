import assert from "node:assert/strict";
import { test } from "node:test";
import type { Application } from "./application.ts";
import { changeAuthor, changedBy } from "./change-author.ts";

function application(spec: Application["spec"], annotations: Record<string, string>): Application {
  return { apiVersion: "jdos.io/v1", kind: "Application", metadata: { name: "a", annotations }, spec };
}

test("changeAuthor() names who wrote the configuration, until somebody else changes it", () => {
  const spec = { run: { env: [{ name: "GREETING", value: "Hi" }] } };
  const annotations = changedBy(spec, "Ada Lovelace");
  assert.equal(changeAuthor(application(spec, annotations)), "Ada Lovelace");
  assert.equal(changeAuthor(application({ ...spec, replicas: 5 }, annotations)), "Ada Lovelace");
  assert.equal(changeAuthor(application({ ...spec, rollbackTo: 1 }, annotations)), undefined);
  assert.equal(changeAuthor(application({ run: {} }, annotations)), undefined);
  assert.equal(changeAuthor(application(spec, {})), undefined);
});
