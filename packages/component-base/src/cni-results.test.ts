import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { removeCniResults } from "./cni-results.ts";

let root: string;
let results: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "jdos-cni-results-"));
  results = join(root, "cni", "results");
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function note(...names: string[]): Promise<void> {
  await mkdir(results, { recursive: true });
  for (const name of names) await writeFile(join(results, name), "{}");
}

test("removeCniResults() removes the notes of one network's sandboxes and leaves those of others", async () => {
  const others = ["jdos51-cc-eth0", "cni-loopback-cc-lo"];
  await note("jdos5-aa-eth0", "cni-loopback-aa-lo", "jdos5-bb-eth0", ...others);
  await removeCniResults("jdos5", results);
  assert.deepEqual((await readdir(results)).sort(), others.sort());
});

test("removeCniResults() removes the empty directories, and may be repeated", async () => {
  await note("jdos5-aa-eth0", "cni-loopback-aa-lo");
  await removeCniResults("jdos5", results);
  await removeCniResults("jdos5", results);
  assert.deepEqual(await readdir(root), []);
});
