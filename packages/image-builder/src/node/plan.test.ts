import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { readProject } from "./package.ts";
import { planModules, startCommand } from "./plan.ts";

function project<T>(files: Record<string, unknown>, use: (project: ReturnType<typeof readProject>) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "jdos-node-"));
  try {
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(directory, name), typeof content === "string" ? content : JSON.stringify(content));
    return use(readProject(directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const lock = { lockfileVersion: 3, packages: { "": {}, "node_modules/x": { version: "1.0.0" } } };
const plan = (files: Record<string, unknown>, base = "sha256:1") =>
  project(files, (each) => planModules(each, base));

test("planModules() installs nothing where there is nothing to install", () => {
  assert.deepEqual(plan({ "package.json": {} }), { modules: "none" });
  assert.deepEqual(plan({ "package.json": {}, "package-lock.json": { packages: { "": {} } } }), {
    modules: "none",
  });
});

test("planModules() respects the lockfile", () => {
  const withLock = plan({ "package.json": { dependencies: { x: "1" } }, "package-lock.json": lock });
  assert.ok(withLock.modules === "apart" && withLock.manager.install({ development: false })[1] === "ci");
  const without = plan({ "package.json": { dependencies: { x: "1" } } });
  assert.ok(without.modules === "apart" && without.manager.install({ development: false })[1] === "install");
  const contradicting = plan({ "package.json": {}, "package-lock.json": lock });
  assert.ok(
    contradicting.modules === "apart" && contradicting.manager.install({ development: false })[1] === "ci",
  );
});

test("planModules() installs in the whole source when scripts or local packages have a say", () => {
  for (const manifest of [
    { scripts: { build: "x" } },
    { scripts: { postinstall: "x" } },
    { workspaces: ["a"] },
    { dependencies: { a: "file:./a" } },
  ]) {
    assert.equal(plan({ "package.json": manifest }).modules, "together", JSON.stringify(manifest));
  }
});

test("planModules() has one cache key for one set of dependencies on one base", () => {
  const key = (files: Record<string, unknown>, base?: string): string => {
    const made = plan(files, base);
    assert.ok(made.modules === "apart");
    return made.cacheKey;
  };
  const one = { "package.json": { version: "1", dependencies: { x: "1" } }, "package-lock.json": lock };
  assert.equal(
    key({ ...one, "package.json": { version: "2", scripts: { start: "x" }, dependencies: { x: "1" } } }),
    key(one),
  );
  assert.notEqual(key({ ...one, "package-lock.json": { ...lock, other: 1 } }), key(one));
  assert.notEqual(key({ ...one, ".npmrc": "registry=http://example.org" }), key(one));
  assert.notEqual(key(one, "sha256:2"), key(one));
});

const command = (files: Record<string, unknown>) => project(files, (each) => startCommand(each).command);

test("startCommand() runs plain words without a shell and the rest with one", () => {
  assert.deepEqual(command({ "package.json": { scripts: { start: "node  server.js --port=1" } } }), [
    "node",
    "server.js",
    "--port=1",
  ]);
  assert.deepEqual(command({ "package.json": { scripts: { start: "A=1 node server.js" } } }), [
    "/bin/sh",
    "-c",
    "A=1 node server.js",
  ]);
  assert.deepEqual(command({ "package.json": { scripts: { prestart: "a", start: "b" } } }), [
    "/bin/sh",
    "-c",
    "a && b",
  ]);
});

test("startCommand() prefers the Procfile, then the start script, then server.js", () => {
  const start = { "package.json": { scripts: { start: "node start.js" } }, "server.js": "" };
  assert.deepEqual(command({ ...start, Procfile: "worker: x\nweb: node web.js\n" }), ["node", "web.js"]);
  assert.deepEqual(command(start), ["node", "start.js"]);
  assert.deepEqual(command({ "package.json": {}, "server.js": "" }), ["node", "server.js"]);
  assert.throws(() => command({ "package.json": {} }), { code: "NoStartCommand" });
});

test("readProject() says what is wrong with a package.json", () => {
  assert.throws(() => command({ "package.json": "{" }), {
    code: "InvalidPackage",
    message: /Cannot read package.json/,
  });
  assert.throws(() => command({ "package.json": "[]" }), {
    code: "InvalidPackage",
    message: /no JSON object/,
  });
});
