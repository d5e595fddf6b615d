import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { writeOciArchive } from "./oci-archive.ts";
import { type OciManifest, openOciLayout } from "./oci-layout.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-layout-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("openOciLayout() finds an image of an archive and reads its blobs", async () => {
  const archive = join(directory, "images.tar");
  const layer = join(directory, "layer.tar");
  await writeFile(layer, "x".repeat(1_000));
  await writeOciArchive(archive, [
    { reference: "registry.example/a:1", layers: [layer] },
    { reference: "registry.example/b:1", layers: [layer, Buffer.from("second")] },
  ]);
  const layout = await openOciLayout(archive);
  const found = layout.find("registry.example/b:1");
  assert.ok(found);
  const manifest = JSON.parse((await layout.read(found.digest)).toString()) as OciManifest;
  assert.equal(manifest.layers.length, 2);
  assert.equal((await layout.read(manifest.layers[1]!.digest)).toString(), "second");
  assert.equal((await layout.read(manifest.layers[0]!.digest)).length, 1_000);
  assert.equal(layout.find("registry.example/c:1"), undefined);
});
