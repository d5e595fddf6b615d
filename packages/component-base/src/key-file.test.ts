import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readKeyFile } from "./key-file.ts";

test("readKeyFile() reads a key, and says what is wrong with one that is missing or could be guessed", () => {
  const directory = mkdtempSync(join(tmpdir(), "jdos-key-"));
  const file = join(directory, "key");
  const secret = "jdos-system/keys";
  try {
    assert.throws(() => readKeyFile(file, { secret }), { code: "InvalidOption", hint: /jdos-system\/keys/ });
    writeFileSync(file, "short\n");
    assert.throws(() => readKeyFile(file, { secret }), { code: "InvalidOption", message: /fewer than 16/ });
    writeFileSync(file, `${"k".repeat(16)}\n`);
    assert.equal(readKeyFile(file, { secret }), "k".repeat(16));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
