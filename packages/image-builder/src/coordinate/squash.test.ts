import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { extract, type Header, pack } from "tar-stream";
import { squashLayers } from "./squash.ts";

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-squash-"));
});
after(() => rm(directory, { recursive: true }));

type Entries = Readonly<Record<string, string | Partial<Header>>>;

/** Layers made twice are the same, also when a second ends in between. */
const MADE = new Date("2026-01-01T00:00:00Z");

async function layer(entries: Entries) {
  const tar = pack();
  for (const [name, entry] of Object.entries(entries)) {
    if (typeof entry === "string") tar.entry({ name, mtime: MADE }, entry);
    else tar.entry({ name, mtime: MADE, ...entry });
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  const bytes = Buffer.concat(chunks);
  return { isGzip: false, open: async () => Readable.from([bytes]) };
}

/** What is in the merged layer: a text, or where a link leads. */
async function squashed(...layers: Entries[]): Promise<Record<string, string>> {
  const file = join(directory, "layer");
  const packed = await squashLayers(await Promise.all(layers.map(layer)), file);
  const again = await squashLayers(await Promise.all(layers.map(layer)), file);
  assert.deepEqual(again, packed);
  const found: Record<string, string> = {};
  const tar = extract();
  tar.end(gunzipSync(readFileSync(file)));
  for await (const entry of tar) {
    const { name, linkname } = entry.header;
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    found[name] = linkname ? `-> ${linkname}` : Buffer.concat(chunks).toString();
  }
  return found;
}

const FOLDER = { type: "directory" } as const;

test("squashLayers() keeps what the uppermost layer says of a path", async () => {
  assert.deepEqual(await squashed({ "a/": FOLDER, "a/x": "1", b: "1" }, { "./a/x": "2" }, { c: "3" }), {
    "a/": "",
    b: "1",
    "./a/x": "2",
    c: "3",
  });
});

test("squashLayers() leaves out what is removed, and keeps the whiteout for what is below", async () => {
  assert.deepEqual(await squashed({ "a/": FOLDER, "a/x": "1", b: "1" }, { ".wh.a": "", c: "2" }), {
    b: "1",
    ".wh.a": "",
    c: "2",
  });
  assert.deepEqual(await squashed({ ".wh.a": "" }, { a: "again" }), { a: "again" });
  assert.deepEqual(
    await squashed({ "a/": FOLDER, "a/x": "1" }, { "a/": FOLDER, "a/.wh..wh..opq": "", "a/y": "2" }),
    {
      "a/": "",
      "a/.wh..wh..opq": "",
      "a/y": "2",
    },
  );
});

test("squashLayers() leaves out what is below a path that is no folder any more", async () => {
  assert.deepEqual(await squashed({ "a/": FOLDER, "a/x": "1" }, { a: { type: "symlink", linkname: "b" } }), {
    a: "-> b",
  });
});

test("squashLayers() gives a hard link its content when the file it led to is replaced", async () => {
  const link = { type: "link", linkname: "a" } as const;
  assert.deepEqual(await squashed({ a: "1", b: link, c: link }, { a: "2" }), {
    b: "1",
    c: "-> b",
    a: "2",
  });
});
