import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { packLayer } from "./pack.ts";

async function tree(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(directory, name, ".."), { recursive: true });
    await writeFile(join(directory, name), name);
    await utimes(join(directory, name), new Date(), new Date());
  }
}

test("packLayer() gives equal bytes for equal files, whatever their times and the order they were made in", async () => {
  const directory = await mkdtemp(join(tmpdir(), "jdos-pack-"));
  try {
    const names = ["b/two.txt", "a.txt", `${"deep/".repeat(40)}long-${"name".repeat(20)}.txt`, "empty"];
    await tree(join(directory, "one"), names);
    await tree(join(directory, "other"), [...names].reverse());
    await utimes(join(directory, "one/a.txt"), 1, 1);
    const one = await packLayer({
      directory: join(directory, "one"),
      prefix: "app",
      file: join(directory, "one.tgz"),
    });
    const other = await packLayer({
      directory: join(directory, "other"),
      prefix: "app",
      file: join(directory, "other.tgz"),
    });
    assert.deepEqual(other, one);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("packLayer() keeps links and the executable bit, fixes owner and time, and leaves out what is excluded", async () => {
  const directory = await mkdtemp(join(tmpdir(), "jdos-pack-"));
  try {
    await tree(join(directory, "tree"), ["bin/run", "node_modules/x/index.js", "readme"]);
    await chmod(join(directory, "tree/bin/run"), 0o700);
    await symlink("bin/run", join(directory, "tree/start"));
    const file = join(directory, "layer.tgz");
    await packLayer({
      directory: join(directory, "tree"),
      prefix: "app",
      file,
      exclude: (path) => path === "node_modules",
    });
    const seen = [];
    const tar = extract();
    createReadStream(file)
      .pipe(createGunzip())
      .pipe(tar as unknown as NodeJS.WritableStream);
    for await (const entry of tar) {
      const { name, type, mode, uid, gid, mtime, linkname } = entry.header;
      assert.deepEqual([uid, gid, mtime.getTime()], [1000, 1000, 0]);
      seen.push([name, type, mode.toString(8), linkname]);
      entry.resume();
    }
    assert.deepEqual(seen, [
      ["app/", "directory", "755", null],
      ["app/bin/", "directory", "755", null],
      ["app/bin/run", "file", "755", null],
      ["app/readme", "file", "644", null],
      ["app/start", "symlink", "777", "bin/run"],
    ]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
