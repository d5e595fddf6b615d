import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { lstat, mkdtemp, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { MAX_SOURCE_PART_BYTES, SOURCE_CONFIG_MEDIA_TYPE, SOURCE_PART_MEDIA_TYPE } from "@jdos/api";
import { OCI_MANIFEST } from "../registry/media-types.ts";
import { Registry } from "../registry/registry.ts";
import { archive, pushBundle, startTestRegistry, type TestRegistry } from "../testing/index.ts";
import { fetchBundle } from "./bundle.ts";

const REPOSITORY = "demo/bundle";
let server: TestRegistry;
let registry: Registry;
let root: string;
before(async () => {
  server = await startTestRegistry();
  registry = new Registry({ url: server.url });
  root = await mkdtemp(join(tmpdir(), "jdos-bundle-"));
});
after(async () => {
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

/** Pushes a source as the platform API does. */
async function pushParts(parts: readonly Buffer[], sizeBytes?: number): Promise<string> {
  const layers = [];
  for (const part of parts) {
    const digest = `sha256:${createHash("sha256").update(part).digest("hex")}`;
    const layer = { mediaType: SOURCE_PART_MEDIA_TYPE, digest, size: part.length };
    await registry.pushBlob(REPOSITORY, layer, Uint8Array.from(part));
    layers.push({ ...layer, size: sizeBytes ?? part.length });
  }
  const empty = Buffer.from("{}");
  const digest = `sha256:${createHash("sha256").update(empty).digest("hex")}`;
  const config = { mediaType: SOURCE_CONFIG_MEDIA_TYPE, digest, size: empty.length };
  await registry.pushBlob(REPOSITORY, config, empty);
  return registry.pushManifest(REPOSITORY, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
}

const big = randomBytes(300_000).toString("base64");
const entries = {
  "a.txt": "a",
  big,
  "bin/run": { type: "file", mode: 0o755 },
  link: { type: "symlink", linkname: "a.txt" },
} as const;

async function check(digest: string, name: string): Promise<void> {
  const directory = join(root, name);
  await fetchBundle(registry, { repository: REPOSITORY, digest, directory });
  assert.equal(await readFile(join(directory, "big"), "utf8"), big);
  assert.equal(await readlink(join(directory, "link")), "a.txt");
  assert.equal((await lstat(join(directory, "bin/run"))).mode & 0o777, 0o755);
  assert.equal((await lstat(join(directory, "a.txt"))).mode & 0o777, 0o644);
}

test("fetchBundle() unpacks parts that are cut anywhere, and an archive in one layer", async () => {
  const gzipped = await archive(entries);
  const tar = gunzipSync(gzipped);
  const parts = [0, 700, 100_001, 100_002, tar.length].flatMap((end, index, ends) =>
    index === 0 ? [] : [tar.subarray(ends[index - 1], end)],
  );
  await check(await pushParts(parts), "parts");
  await check(await pushBundle(registry, REPOSITORY, gzipped), "whole");
});

test("fetchBundle() refuses parts that are larger than they may be, or not what they say", async () => {
  const part = randomBytes(600);
  const cases = [
    [await pushParts([part], MAX_SOURCE_PART_BYTES + 1), "SourceRefused"],
    [await pushParts([part]), "BundleCorrupt"],
  ] as const;
  for (const [digest, code] of cases) {
    const directory = join(root, code);
    await assert.rejects(fetchBundle(registry, { repository: REPOSITORY, digest, directory }), { code });
  }
});
