import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { writeOciArchive } from "./oci-archive.ts";
import { tarArchive } from "./tar-writer.ts";

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-oci-"));
});
after(() => rm(directory, { recursive: true, force: true }));

const base = tarArchive([{ path: "base", content: "1" }]);

it("writeOciArchive() writes an image layout whose every blob is what its digest says", async () => {
  const layer = join(directory, "layer.tar");
  await writeFile(layer, tarArchive([{ path: "app", content: "2" }]));
  const path = join(directory, "images.tar");
  await writeOciArchive(path, [
    { reference: "registry.example/base:1", layers: [base] },
    {
      reference: "registry.example/app:2",
      layers: [base, layer],
      config: { Cmd: ["app"] },
      architecture: "arm64",
    },
  ]);
  const root = join(directory, "out");
  execFileSync("mkdir", [root]);
  execFileSync("tar", ["-xf", path, "-C", root]);
  for (const name of await readdir(join(root, "blobs/sha256"))) {
    const content = await readFile(join(root, "blobs/sha256", name));
    assert.equal(createHash("sha256").update(content).digest("hex"), name);
  }
  const json = async (file: string) => JSON.parse(await readFile(join(root, file), "utf8"));
  const blob = (digest: string) => json(`blobs/${digest.replace(":", "/")}`);
  const { manifests } = await json("index.json");
  assert.deepEqual(
    manifests.map(
      (item: { annotations: Record<string, string> }) => item.annotations["io.containerd.image.name"],
    ),
    ["registry.example/base:1", "registry.example/app:2"],
  );
  const manifest = await blob(manifests[1].digest);
  const config = await blob(manifest.config.digest);
  assert.equal(manifest.layers.length, 2);
  assert.deepEqual(
    config.rootfs.diff_ids,
    manifest.layers.map((item: { digest: string }) => item.digest),
  );
  assert.deepEqual([config.architecture, config.config.Cmd], ["arm64", ["app"]]);
  assert.equal(config.history.length, 2);
});

it("writeOciArchive() gives equal bytes for equal input, and leaves nothing when it fails", async () => {
  const image = { reference: "registry.example/base:1", layers: [base] };
  const [one, two] = [join(directory, "one.tar"), join(directory, "two.tar")];
  await writeOciArchive(one, [image]);
  await writeOciArchive(two, [image]);
  assert.ok((await readFile(one)).equals(await readFile(two)));
  const broken = join(directory, "broken.tar");
  await assert.rejects(writeOciArchive(broken, [{ ...image, layers: [join(directory, "none")] }]));
  assert.ok(!(await readdir(directory)).some((name) => name.startsWith("broken")));
});
