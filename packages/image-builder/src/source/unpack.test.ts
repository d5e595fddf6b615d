import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import test from "node:test";
import { archive } from "../testing/bundle.ts";
import { type UnpackOptions, unpack } from "./unpack.ts";

type Entries = Parameters<typeof archive>[0];

async function unpacked(
  entries: Entries,
  limits: Partial<UnpackOptions>,
  look: (directory: string) => void | Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "jdos-unpack-"));
  const directory = join(root, "a", "source");
  await mkdir(directory, { recursive: true });
  try {
    await unpack(Readable.from([await archive(entries)]), { directory, ...limits });
    await look(directory);
  } finally {
    // Nothing may lie beside the directory.
    assert.deepEqual(readdirSync(join(root, "a")), ["source"]);
    assert.deepEqual(readdirSync(root), ["a"]);
    await rm(root, { recursive: true, force: true });
  }
}

test("unpack() writes files, directories and links that point inwards", async () => {
  const entries: Entries = {
    "./package.json": "{}",
    "src/": { type: "directory" },
    "src/deep/index.js": "code",
    "src/link.js": { type: "symlink", linkname: "deep/index.js" },
    "src/up.json": { type: "symlink", linkname: "../package.json" },
    "src/hard.js": { type: "link", linkname: "src/deep/index.js" },
  };
  await unpacked(entries, {}, (directory) => {
    for (const name of ["src/deep/index.js", "src/link.js", "src/hard.js"])
      assert.equal(readFileSync(join(directory, name), "utf8"), "code");
    assert.equal(readFileSync(join(directory, "src/up.json"), "utf8"), "{}");
  });
});

const refused: [string, Entries][] = [
  ["a path that climbs", { "../outside": "x" }],
  ["a path that climbs in its middle", { "src/../../outside": "x" }],
  ["an absolute path", { "/tmp/outside": "x" }],
  ["a link that climbs out", { link: { type: "symlink", linkname: "../outside" } }],
  ["an absolute link", { link: { type: "symlink", linkname: "/etc/passwd" } }],
  [
    "a link that climbs after it descended",
    { here: { type: "symlink", linkname: "." }, link: { type: "symlink", linkname: "here/../../outside" } },
  ],
  ["a file behind a link", { here: { type: "symlink", linkname: "." }, "here/file": "x" }],
  ["a file over a link", { link: { type: "symlink", linkname: "target" }, "./link": "x" }],
  ["a hard link outwards", { link: { type: "link", linkname: "../../outside" } }],
  [
    "a hard link to a link",
    { here: { type: "symlink", linkname: "missing" }, hard: { type: "link", linkname: "here" } },
  ],
  ["a device", { device: { type: "character-device", devmajor: 1, devminor: 3 } }],
  ["a named pipe", { pipe: { type: "fifo" } }],
];

for (const [what, entries] of refused) {
  test(`unpack() refuses ${what}`, async () => {
    await assert.rejects(
      unpacked(entries, {}, (directory) => assert.ok(!existsSync(directory))),
      { name: "ImageBuilderError" },
    );
  });
}

test("unpack() refuses more bytes or entries than allowed", async () => {
  await assert.rejects(
    unpacked({ big: "x".repeat(2000) }, { maxBytes: 1000 }, () => {}),
    { code: "SourceTooLarge" },
  );
  await assert.rejects(
    unpacked({ a: "", b: "", c: "" }, { maxEntries: 2 }, () => {}),
    { code: "SourceTooLarge" },
  );
});

test("unpack() says that an archive is broken", async () => {
  const root = await mkdtemp(join(tmpdir(), "jdos-unpack-"));
  try {
    const bytes = await archive({ file: "x".repeat(5000) });
    await assert.rejects(unpack(Readable.from([bytes.subarray(0, bytes.length - 20)]), { directory: root }), {
      code: "BundleCorrupt",
    });
    await assert.rejects(unpack(Readable.from([Buffer.from("no archive")]), { directory: root }), {
      code: "BundleCorrupt",
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
