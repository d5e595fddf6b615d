import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, it } from "node:test";
import { writeAtomically } from "./atomic-writer.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-volume-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const files = (content: Record<string, string>, mode = 0o644) =>
  new Map(Object.entries(content).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));

it("writeAtomically() shows files through ..data, in directories too", async () => {
  assert.equal(await writeAtomically(directory, files({ a: "1", "b/c": "2" }, 0o400)), true);
  assert.equal(await readFile(join(directory, "a"), "utf8"), "1");
  assert.equal(await readFile(join(directory, "b/c"), "utf8"), "2");
  assert.equal(await readlink(join(directory, "b")), "..data/b");
  assert.equal((await stat(join(directory, "a"))).mode & 0o777, 0o400);
});

it("writeAtomically() writes nothing when nothing changed", async () => {
  await writeAtomically(directory, files({ a: "1" }));
  const before = await readlink(join(directory, "..data"));
  assert.equal(await writeAtomically(directory, files({ a: "1" })), false);
  assert.equal(await readlink(join(directory, "..data")), before);
});

it("writeAtomically() replaces content, drops names that are gone and leaves no earlier payload", async () => {
  await writeAtomically(directory, files({ a: "1", old: "x" }));
  await mkdir(join(directory, "..2020_cut_short"));
  assert.equal(await writeAtomically(directory, files({ a: "2", new: "y" })), true);
  assert.equal(await readFile(join(directory, "a"), "utf8"), "2");
  const names = await readdir(directory);
  assert.deepEqual(names.filter((name) => !name.startsWith("..")).sort(), ["a", "new"]);
  assert.equal(names.filter((name) => name.startsWith("..")).length, 2);
});

it("writeAtomically() makes files of a group readable to it", async () => {
  await writeAtomically(directory, files({ a: "1" }, 0o600), { gid: 2000 });
  const { gid, mode } = await stat(join(directory, "a"));
  assert.deepEqual([gid, mode & 0o777], [2000, 0o640]);
});
