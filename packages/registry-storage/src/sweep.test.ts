import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { blobData, layoutOf, repositoryDirectories, storedBlobs } from "./layout.ts";
import { Manifests } from "./repository.ts";
import { type SweepOptions, sweep } from "./sweep.ts";
import { type Pusher, registryMissing, startRegistry, type TestRegistry } from "./testing/registry.ts";

const HOUR = 3_600_000;

describe("sweep()", { skip: registryMissing() }, () => {
  let registry: TestRegistry;
  let push: Pusher;
  before(async () => {
    registry = await startRegistry();
    push = registry.pusher();
  });
  after(() => registry.stop());

  const run = (options: Partial<SweepOptions> = {}) => {
    const layout = layoutOf(registry.directory);
    return sweep({
      layout,
      manifests: new Manifests(layout),
      graceMillis: HOUR,
      uploadGraceMillis: HOUR,
      needed: new Set(),
      now: Date.now(),
      ...options,
    });
  };
  /** Two runs later than all there is: one that hides, and one that deletes. */
  const runTwice = async (options: Partial<SweepOptions> = {}) => {
    await run({ now: Date.now() + 2 * HOUR, ...options });
    return run({ now: Date.now() + 4 * HOUR, ...options });
  };
  const blobs = async () => {
    const found: string[] = [];
    for await (const { hex } of storedBlobs(layoutOf(registry.directory))) found.push(hex);
    return found.sort();
  };

  it("sweep() keeps what a tag, the platform or the time of grace holds, and deletes the rest", async () => {
    const tagged = await push.image("demo/hello", ["shared", "a"], { tag: "build-hello-b1" });
    const needed = await push.image("demo/hello", ["shared", "b"]);
    const dead = await push.image("demo/hello", ["shared", "c"]);
    await push.blob("demo/hello", "never in a manifest");
    const count = (await blobs()).length;
    assert.deepEqual(await run(), { manifests: 0, blobs: 0, freedBytes: 0, restored: 0, uploads: 0 });
    assert.equal((await blobs()).length, count);

    const result = await runTwice({ needed: new Set([needed.slice(7)]) });
    assert.equal(result.blobs, 4, "the manifest, its configuration and its layer, and the blob alone");
    assert.equal(await push.isWhole("demo/hello", tagged), true);
    assert.equal(await push.isWhole("demo/hello", needed), true);
    assert.equal(await push.isWhole("demo/hello", dead), false);
    // What was deleted can be pushed again.
    assert.equal(await push.isWhole("demo/hello", await push.image("demo/hello", ["shared", "c"])), true);
  });

  it("sweep() keeps the images of an index, and what is said about an image", async () => {
    const child = await push.image("demo/index", ["d"]);
    const index = await push.index("demo/index", [child], "latest");
    const about = await push.image("demo/index", ["sbom"], { subject: child });
    await runTwice();
    for (const each of [child, about]) assert.equal(await push.isWhole("demo/index", each), true);
    assert.equal((await push.manifest("demo/index", index)).status, 200);
  });

  it("sweep() deletes no manifest while it is not known what is needed", async () => {
    const image = await push.image("demo/unknown", ["e"]);
    await runTwice({ needed: undefined });
    assert.equal(await push.isWhole("demo/unknown", image), true);
  });

  it("sweep() leaves a directory without orphans when all images are gone by the API", async () => {
    const image = await push.image("demo/gone", ["f"], { tag: "build-gone-b1" });
    await push.delete("demo/gone", image);
    await push.beginUpload("demo/gone");
    await runTwice();
    await runTwice();
    assert.equal(existsSync(join(layoutOf(registry.directory).repositories, "demo/gone")), false);
    assert.deepEqual(await readdir(layoutOf(registry.directory).quarantine), []);
  });

  it("sweep() leaves the parts of an upload that goes on, and takes those of one that stopped", async () => {
    const layout = layoutOf(registry.directory);
    const age = async (hex: string, millis: number): Promise<void> => {
      const time = new Date(Date.now() - millis);
      const link = join(layout.repositories, "demo/slow", "_layers", "sha256", hex, "link");
      for (const path of [blobData(layout, hex), link]) await utimes(path, time, time);
    };
    const first = await push.blob("demo/slow", "first part");
    const second = await push.blob("demo/slow", "second part");
    await age(first, 3 * HOUR);
    const uploadGraceMillis = 6 * HOUR;
    await run({ uploadGraceMillis });
    assert.ok(existsSync(blobData(layout, first)), "more of it came within the hour");
    await age(second, 2 * HOUR);
    await run({ uploadGraceMillis });
    for (const hex of [first, second]) assert.equal(existsSync(blobData(layout, hex)), false);
    const third = await push.blob("demo/slow", "third part");
    await age(third, 7 * HOUR);
    await push.blob("demo/slow", "another");
    await run({ uploadGraceMillis });
    assert.equal(existsSync(blobData(layout, third)), false, "nothing is under way for so long");
  });

  it("sweep() gives back what a manifest needs that was pushed while it marked", async () => {
    const layout = layoutOf(registry.directory);
    const hex = await push.blob("demo/race", "old and lonely");
    const past = new Date(Date.now() - 2 * HOUR);
    await utimes(blobData(layout, hex), past, past);
    for (const directory of await repositoryDirectories(layout.repositories)) {
      const link = join(directory, "_layers", "sha256", hex, "link");
      if (existsSync(link)) await utimes(link, past, past);
    }
    let image: Promise<string> | undefined;
    const result = await run({
      beforeChange: () => {
        // Neither seen by the mark nor refused by the registry: written in the instant between.
        image ??= push.manifestOnDisk(layout, "demo/race", [hex]);
      },
    });
    assert.equal(result.restored + (await run()).restored, 1);
    assert.equal(existsSync(blobData(layout, hex)), true);
    await image;
  });

  it("sweep() that is killed at any change leaves every image whole, and nothing behind after the next run", async () => {
    for (let deadly = 1; deadly < 60; deadly++) {
      const kept = await push.image("demo/kill", ["k", `k${deadly}`], { tag: "build-kill-b1" });
      const dead = await push.image("demo/kill", ["k", `dead${deadly}`]);
      let changes = 0;
      const beforeChange = () => {
        if (++changes === deadly) throw new Error("killed");
      };
      const ended = await runTwice({ beforeChange }).then(
        () => true,
        (error: Error) => {
          assert.equal(error.message, "killed");
          return false;
        },
      );
      assert.equal(await push.isWhole("demo/kill", kept), true, `killed at change ${deadly}`);
      if (!ended) await runTwice();
      assert.equal(await push.isWhole("demo/kill", kept), true, `after change ${deadly}`);
      assert.equal(await push.isWhole("demo/kill", dead), false);
      assert.deepEqual(await readdir(layoutOf(registry.directory).quarantine), []);
      if (ended) return;
    }
    assert.fail("it never ended");
  });

  it("sweep() beside pushes: every push that the registry took can be pulled", async () => {
    const manifests = new Manifests(layoutOf(registry.directory));
    const graceMillis = 400;
    // At least so long, and until there is enough to tell, however slow the machine is.
    const since = Date.now();
    const goesOn = () => Date.now() < since + 8_000 || pushed.length < 5 || sweeps < 3;
    let number = 0;
    let sweeps = 0;
    const pushed: { image: string; tag: string }[] = [];
    const pushes = Array.from({ length: 3 }, async (_, worker) => {
      while (goesOn()) {
        const name = `${worker}-${number++}`;
        // Few layers for many images: they are old when the next image needs them.
        const layers = [`shared-${number % 5}`, `own-${name}`];
        const tag = `build-${name}`;
        const image = await push
          .image(`load/app${worker}`, layers, { tag })
          .catch((error: Error) => void assert.match(error.message, /MANIFEST_BLOB_UNKNOWN/));
        if (image === undefined) continue;
        if (number % 3 === 0) await push.delete(`load/app${worker}`, image);
        else if (number % 3 === 1) pushed.push({ image: `load/app${worker}@${image}`, tag });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
    while (goesOn()) {
      await run({ manifests, graceMillis });
      sweeps++;
    }
    await Promise.all(pushes);
    await run({ manifests, graceMillis });
    for (const { image } of pushed) {
      const [repository = "", digest = ""] = image.split("@");
      assert.equal(await push.isWhole(repository, digest), true, image);
    }
  });
});
