import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSourceFile, settingsOf } from "./source-file.ts";

test("parseSourceFile() reads what an application is", () => {
  const file = parseSourceFile(
    "system: demo\napp: hello\npath: services/web\nreplicas: 2\ndeploy: Manual\nrun:\n  ports: [{ port: 3000 }]\n",
  );
  assert.equal(file.path, "services/web");
  assert.deepEqual(settingsOf(file), {
    replicas: 2,
    deployPolicy: "Manual",
    run: { ports: [{ port: 3000 }] },
  });
  assert.deepEqual(parseSourceFile("# nothing yet\n"), {});
});

test("parseSourceFile() refuses what it does not know, with its path and what there is", () => {
  for (const [text, field, message] of [
    ["systm: demo", "systm", /systm: there is no such setting/],
    ["run: { prots: [] }", "run.prots", /run\.prots: there is no such setting/],
    ["run: { ports: [{ port: 70000 }] }", "run.ports[0].port", /70000 must be <= 65535/],
    ["deploy: Sometimes", "deploy", /Automatic, Manual/],
    ["path: ../elsewhere", "path", /must match/],
    ["path: /etc", "path", /must match/],
    ["- a list", "", /must be object/],
    ["a: [", "", /line 1/],
    ["replicas: 1\nreplicas: 2", "", /unique/],
  ] as const)
    assert.throws(() => parseSourceFile(text), { code: "SourceFileInvalid", field, message }, text);
});

test("parseSourceFile() is not blown up by aliases or by size", () => {
  const bomb = Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`);
  assert.throws(() => parseSourceFile(`a0: &a0 [x, x]\n${bomb.join("\n")}`), { code: "SourceFileInvalid" });
  assert.throws(() => parseSourceFile(`app: ${"x".repeat(300 * 1024)}`), /larger than 256 KiB/);
});
