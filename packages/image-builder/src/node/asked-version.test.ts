import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { askedVersion } from "./asked-version.ts";
import type { NodePackage } from "./package.ts";

const NOTHING: NodePackage = { scripts: {}, dependencies: {}, devDependencies: {}, optionalDependencies: {} };

async function asked(node: string | undefined, files: Readonly<Record<string, string>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "jdos-asked-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    return await askedVersion(directory, node === undefined ? NOTHING : { ...NOTHING, engines: { node } });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("askedVersion() reads engines, else the files of version managers", async () => {
  assert.equal(await asked(undefined), undefined);
  assert.deepEqual(await asked(">=18 <21"), { range: ">=18.0.0 <21.0.0-0", where: "package.json" });
  assert.deepEqual((await asked("22", { ".nvmrc": "18" }))?.where, "package.json");
  assert.deepEqual(await asked(undefined, { ".nvmrc": "v20.11.1\n" }), { range: "20.11.1", where: ".nvmrc" });
  assert.equal((await asked(undefined, { ".node-version": "lts/iron" }))?.range, ">=20.0.0 <21.0.0-0");
  assert.equal((await asked(undefined, { ".nvmrc": "lts/*" }))?.range, "*");
});

test("askedVersion() refuses what is no version, with a hint", async () => {
  for (const text of ["lts/nothing", "--prefix=/", "file:../x", "new".repeat(300)])
    await assert.rejects(asked(undefined, { ".nvmrc": text }), {
      code: "VersionUnavailable",
      message: /^Cannot tell the Node that \.nvmrc asks for/,
    });
});
