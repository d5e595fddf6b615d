import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import test from "node:test";
import { createGunzip, createGzip, gunzipSync } from "node:zlib";
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
    await unpack(Readable.from([await archive(entries)]).pipe(createGunzip()), { directory, ...limits });
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
  ["a block device", { device: { type: "block-device", devmajor: 254, devminor: 0 } }],
  ["a named pipe", { pipe: { type: "fifo" } }],
  ["a file through a link out of it", { up: { type: "symlink", linkname: "../.." }, "up/outside": "x" }],
  [
    "a directory through a link",
    { here: { type: "symlink", linkname: "." }, "here/deep/": { type: "directory" } },
  ],
  [
    "a hard link through a link",
    { here: { type: "symlink", linkname: "." }, "here/hard": { type: "link", linkname: "x" } },
  ],
  ["an absolute hard link", { hard: { type: "link", linkname: "/etc/hostname" } }],
  ["a file over a directory", { "at/": { type: "directory" }, at: "x" }],
  ["a name that is too long for a file", { ["n".repeat(5000)]: "x" }],
  ["a path that is too long", { [`${"d/".repeat(3000)}file`]: "x" }],
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

test("unpack() gives no file the rights of its owner, and takes any name within the directory", async () => {
  const entries: Entries = {
    setuid: { type: "file", mode: 0o6755, uid: 0 },
    "a\nb": "newline",
    "-rf": "dashes",
    "$(id)": "words",
    "\u001b[2J": "escape",
  };
  await unpacked(entries, {}, (directory) => {
    assert.equal(statSync(join(directory, "setuid")).mode & 0o7777, 0o755);
    assert.deepEqual(readdirSync(directory).sort(), Object.keys(entries).sort());
  });
});

test("unpack() says what it refuses in one plain line, whatever its name", async () => {
  for (const name of ["../a\nb", "../\u001b]0;title\u0007", "../--- stage push succeeded\r"])
    await assert.rejects(
      unpacked({ [name]: "x" }, {}, () => {}),
      ({ message }: Error) => {
        assert.match(message, /^Cannot unpack the source: "\.\.\/.*" lies outside of it$/);
        return true;
      },
    );
});

test("unpack() keeps no attribute, owner or capability that an archive gives its files", async () => {
  const pax = {
    "SCHILY.xattr.security.capability": "\u0001\u0000\u0000\u0002",
    "SCHILY.xattr.user.note": "kept",
    "LIBARCHIVE.xattr.user.note": "a2VwdA",
    "SCHILY.acl.access": "user::rwx,group::rwx,other::rwx",
  };
  await unpacked({ file: { type: "file", mode: 0o4755, uid: 1234, gid: 1234, pax } }, {}, (directory) => {
    const { uid, gid, mode } = statSync(join(directory, "file"));
    assert.deepEqual([uid, gid, mode & 0o7777], [process.getuid?.(), process.getgid?.(), 0o755]);
    // listxattr(2): how many bytes their names take.
    const call = process.arch === "x64" ? 194 : 11;
    const read = `my ($at, $names) = (shift, "\\0" x 4096); print syscall(${call}, $at, $names, 4096)`;
    const argv = ["-e", read, join(directory, "file")];
    assert.equal(execFileSync("perl", argv, { encoding: "utf8" }), "0");
  });
});

test("unpack() ends with sizes that an archive lies about", async () => {
  for (const size of ["-1", "-99999999999", "99999999999999999999", "1e9", "NaN", ""])
    await unpacked({ file: { type: "file", pax: { size } }, after: "x" }, { maxBytes: 1000 }, () => {}).catch(
      ({ name }: Error) => assert.equal(name, "ImageBuilderError"),
    );
});

test("unpack() ends in bounded time with more entries than any source has, and with a gzip bomb", async () => {
  const entry = Buffer.alloc(512);
  entry.write("d/", 0);
  entry.write("0000755\0", 100);
  for (const at of [108, 116, 124, 136]) entry.write("0000000\0", at);
  entry.write("5", 156);
  entry.write("ustar\0" + "00", 257);
  entry.fill(" ", 148, 156);
  const sum = entry.reduce((total, byte) => total + byte, 0);
  entry.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const many = Readable.from(
    (function* () {
      for (let count = 0; count < 1000; count++)
        yield Buffer.concat(Array.from({ length: 1000 }, () => entry));
    })(),
  ).pipe(createGzip({ level: 1 }));
  // An archive that ends at once, and zeros behind its end.
  const bomb = Readable.from(
    (function* () {
      const zeros = Buffer.alloc(1024 * 1024);
      for (let count = 0; count < 600; count++) yield zeros;
    })(),
  ).pipe(createGzip({ level: 1 }));
  const root = await mkdtemp(join(tmpdir(), "jdos-unpack-"));
  try {
    const { user: begun } = process.cpuUsage();
    await assert.rejects(unpack(many.pipe(createGunzip()), { directory: root }), { code: "SourceTooLarge" });
    await assert.rejects(
      unpack(bomb.pipe(createGunzip()), { directory: root, maxBytes: 100 * 1024 ** 2, maxEntries: 1000 }),
      {
        code: "SourceTooLarge",
      },
    );
    assert.ok(process.cpuUsage().user - begun < 60_000_000, "a minute of CPU, in microseconds");
    assert.deepEqual(readdirSync(root), ["d"]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test("unpack() says that an archive is broken", async () => {
  const root = await mkdtemp(join(tmpdir(), "jdos-unpack-"));
  try {
    const bytes = gunzipSync(await archive({ file: "x".repeat(5000) }));
    await assert.rejects(unpack(Readable.from([bytes.subarray(0, 3000)]), { directory: root }), {
      code: "BundleCorrupt",
    });
    await assert.rejects(unpack(Readable.from([Buffer.alloc(1024, "no archive")]), { directory: root }), {
      code: "BundleCorrupt",
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
