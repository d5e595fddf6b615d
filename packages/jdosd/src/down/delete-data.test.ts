import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { partPaths } from "../options.ts";
import { deleteData } from "./delete-data.ts";

test("deleteData() deletes what any part keeps, and nothing else", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "jdos-data-"));
  try {
    for (const path of Object.values(partPaths(dataDir))) await mkdir(path, { recursive: true });
    await writeFile(join(dataDir, "notes.txt"), "mine");
    await deleteData(dataDir);
    assert.deepEqual(await readdir(dataDir), ["notes.txt"]);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
