import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { runCommand, writeInstance } from "@jdos/component-base";
import { ImageCache } from "./image-cache.ts";

let directory: string;
let cache: ImageCache;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-image-cache-"));
  cache = new ImageCache(join(directory, "cache"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A data directory that was started once, with an image in the cache. */
async function started(name: string): Promise<string> {
  const dataDir = join(directory, name);
  await writeInstance(dataDir, 1);
  const lock = await cache.lock();
  await cache.join(dataDir);
  await writeFile(cache.archive("0123"), "layers");
  lock.release();
  return dataDir;
}

async function purge(dataDir: string): Promise<void> {
  await rm(dataDir, { recursive: true });
  await cache.leave(dataDir);
}

test("leave() keeps the images while another data directory uses them, and the last takes all away", async () => {
  const [one, two] = [await started("one"), await started("two")];
  await purge(one);
  assert.ok((await readdir(cache.directory)).includes("images-0123.tar"));
  await purge(two);
  assert.deepEqual(await readdir(directory), []);
  await cache.leave(two);
});

test("leave() does not count a data directory that was deleted by hand", async () => {
  const [one, two] = [await started("one"), await started("two")];
  await rm(two, { recursive: true });
  await purge(one);
  assert.deepEqual(await readdir(directory), []);
});

test("leave() deletes nothing that is not the project's", async () => {
  const one = await started("one");
  await mkdir(join(cache.directory, "photos"));
  await purge(one);
  assert.deepEqual(await readdir(cache.directory), ["photos"]);
});

test("leave() takes away what a killed start had mounted", async () => {
  const one = await started("one");
  const proc = join(cache.directory, "making-x", "root", "proc");
  await mkdir(proc, { recursive: true });
  await runCommand(["mount", "-t", "tmpfs", "none", proc]);
  await purge(one);
  assert.deepEqual(await readdir(directory), []);
});

test("lock() waits for its holder, also when that takes the directory away", async () => {
  const one = await started("one");
  const held = await cache.lock();
  let said = "";
  const waiting = cache.lock((message) => {
    said = message;
  });
  while (said === "") await new Promise((resolve) => setTimeout(resolve, 5));
  held.release();
  (await waiting).release();
  assert.match(said, /waiting for another start/);
  await purge(one);
});
