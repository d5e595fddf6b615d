import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";
import { tarArchive } from "./tar-writer.ts";

it("tarArchive() is read by tar: files, directories, links, owners, modes and long names", () => {
  const long = `${"d".repeat(60)}/${"f".repeat(60)}`;
  const archive = tarArchive([
    { path: "dir", type: "directory", mode: 0o1777 },
    { path: "dir/file", content: "hello", uid: 1000, gid: 1001, mode: 0o600 },
    { path: "link", type: "symlink", target: "dir/file" },
    { path: long, content: new Uint8Array(513) },
  ]);
  const list = execFileSync("tar", ["--numeric-owner", "-tvf", "-"], { input: archive, encoding: "utf8" });
  const lines = list
    .trim()
    .split("\n")
    .map((line) => line.replace(/\s+/g, " "));
  assert.match(lines[0]!, /^drwxrwxrwt 0\/0 0 \S+ \S+ dir\/$/);
  assert.match(lines[1]!, /^-rw------- 1000\/1001 5 \S+ \S+ dir\/file$/);
  assert.match(lines[2]!, /^lrw-r--r-- 0\/0 0 \S+ \S+ link -> dir\/file$/);
  assert.ok(lines[3]!.endsWith(` 513 1970-01-01 00:00 ${long}`), lines[3]);
  const content = execFileSync("tar", ["-xOf", "-", "dir/file"], { input: archive, encoding: "utf8" });
  assert.equal(content, "hello");
});

it("tarArchive() refuses a name that ustar cannot hold", () => {
  assert.throws(() => tarArchive([{ path: "x".repeat(101) }]), RangeError);
});
