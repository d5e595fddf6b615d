import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ImageCache } from "./image-cache.ts";
import { type ImageRecipe, readImageRecipe } from "./image-recipe.ts";
import { ensureImageArchive } from "./images.ts";

const REPOSITORY = join(import.meta.dirname, "../../../..");

/** This machine's recipe with another mirror. */
async function recipeFrom(mirror: string): Promise<ImageRecipe> {
  const recipe = await readImageRecipe(REPOSITORY);
  const text = `Types: deb\nURIs: ${mirror}\nSuites: ${recipe.sources.codename}\nComponents: main\n`;
  return { ...recipe, sources: { ...recipe.sources, text } };
}

test("ensureImageArchive() tries a mirror that fails once more, says why, and leaves no work behind", async () => {
  const directory = await mkdtemp(join(tmpdir(), "jdos-images-"));
  let asked = 0;
  const mirror = createServer(({ url }, response) => {
    if (url?.endsWith("/InRelease")) asked++;
    response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(mirror, "listening");
  const said: string[] = [];
  const cache = new ImageCache(directory);
  try {
    const { port } = mirror.address() as AddressInfo;
    const recipe = await recipeFrom(`http://127.0.0.1:${port}/debian`);
    await assert.rejects(
      ensureImageArchive({
        recipe,
        cache,
        dataDir: "/nowhere",
        say: (message) => said.push(message),
      }),
      { code: "NetworkUnreachable", message: /Cannot make the base image: .*does not have a Release file/ },
    );
    assert.equal(asked, 2, "the mirror was asked by two runs");
    assert.equal(said.filter((message) => message.startsWith("once more, for it failed")).length, 1);
    assert.match(await readFile(cache.failureLog, "utf8"), /mmdebstrap failed to run/);
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.startsWith("making-")),
      [],
    );
  } finally {
    mirror.close();
    mirror.closeAllConnections();
    await rm(directory, { recursive: true, force: true });
  }
});
