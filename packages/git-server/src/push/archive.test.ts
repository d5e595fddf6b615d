import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { Git } from "../repositories/git.ts";
import { WorkTree } from "../testing/work-tree.ts";
import { type ArchiveOptions, archiveOf } from "./archive.ts";

describe("archiveOf()", () => {
  const git = new Git({ path: process.env.PATH ?? "", hooksDirectory: "/nonexistent" });
  let tree: WorkTree;
  let options: ArchiveOptions;
  before(async () => {
    tree = await WorkTree.create({ "web/index.html": "1" });
    await writeFile(join(tree.directory, "data.bin"), randomBytes(300_000));
    const commit = await tree.commit({});
    const repository = join(tree.directory, ".git");
    options = { git, repository, commit, path: undefined, signal: new AbortController().signal };
  });
  after(() => tree.remove());

  it("archiveOf() is a whole tar of a commit", async () => {
    const tar = await buffer(archiveOf(options));
    assert.ok(tar.length > 300_000 && tar.includes("web/index.html"));
  });

  it("archiveOf() ends with what is wrong: too large, or no folder", async () => {
    await assert.rejects(buffer(archiveOf({ ...options, maxBytes: 100_000 })), { code: "TooLarge" });
    for (const path of ["nowhere", "data.bin", "web/index.html"])
      await assert.rejects(buffer(archiveOf({ ...options, path })), { code: "Invalid" });
  });

  it("archiveOf() can be given up at any time", async () => {
    const archive = archiveOf(options);
    assert.equal((await archive.next()).done, false);
    await archive.return(undefined);
    const stopping = new AbortController();
    const second = archiveOf({ ...options, signal: stopping.signal });
    await second.next();
    stopping.abort();
    await buffer(second).catch(() => {});
  });
});
