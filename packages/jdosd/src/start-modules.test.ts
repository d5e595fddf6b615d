import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runCommand } from "@jdos/component-base";

/** Prints what of Node itself is loaded once a module is. */
const PROGRAM = "await import(process.argv[1]); console.log(JSON.stringify(process.moduleLoadList))";

describe("jdosd's modules", () => {
  let cache: string;
  before(async () => {
    cache = await mkdtemp(join(tmpdir(), "jdos-modules-"));
  });
  after(() => rm(cache, { recursive: true, force: true }));

  async function loadedBy(file: string): Promise<string[]> {
    const load = () =>
      runCommand(
        [process.execPath, "--input-type=module", "--eval", PROGRAM, join(import.meta.dirname, file)],
        {
          env: { ...process.env, NODE_COMPILE_CACHE: cache },
        },
      );
    await load();
    return JSON.parse((await load()).stdout) as string[];
  }

  it("start.ts loads neither Node's fetch nor, where they are compiled, its TypeScript compiler", async () => {
    const loaded = await loadedBy("start.ts");
    const costly = loaded.filter((name) => /deps\/undici\/undici|deps\/amaro\/dist/.test(name));
    assert.deepEqual(costly, [], "see @jdos/component-base/http, and NODE_COMPILE_CACHE in main.ts");
  });
});
