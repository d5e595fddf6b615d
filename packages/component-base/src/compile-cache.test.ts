import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readlink, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { compileCacheEnvironment, fillCompileCache } from "./compile-cache.ts";
import { runCommand } from "./run-command.ts";

const READER = 65_532;
const PROGRAM = `const text: string = JSON.stringify(process.moduleLoadList);
if (process.argv[2] === "print") process.stdout.write(text);
export {};
`;

describe("fillCompileCache()", () => {
  let directory: string;
  let tree: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jdos-compile-"));
    const made = join(directory, "made");
    tree = join(directory, "mounted", "elsewhere");
    await mkdir(made);
    await mkdir(join(directory, "mounted"));
    await writeFile(join(made, "package.json"), '{"type":"module"}');
    await writeFile(join(made, "program.ts"), PROGRAM);
    await fillCompileCache({ tree: made, programs: [[join(made, "program.ts")]], readers: [READER] });
    await rename(made, tree);
  });
  after(() => rm(directory, { recursive: true, force: true }));

  async function loaded(variables: Record<string, string>): Promise<string[]> {
    const env = { PATH: process.env.PATH, ...variables };
    const { stdout } = await runCommand([process.execPath, join(tree, "program.ts"), "print"], { env });
    return JSON.parse(stdout) as string[];
  }

  it("spares a program of the tree Node's TypeScript compiler, also at another path", async () => {
    const isCompiler = (name: string): boolean => name.includes("deps/amaro/dist");
    assert.ok((await loaded({})).some(isCompiler), "it is loaded where nothing was compiled");
    assert.ok(!(await loaded(compileCacheEnvironment(tree))).some(isCompiler));
  });

  it("lets other users read what was compiled", async () => {
    const cache = compileCacheEnvironment(tree).NODE_COMPILE_CACHE;
    const link = (await readdir(cache)).find((name) => name.endsWith(`-${READER}`));
    const own = await readlink(join(cache, link ?? "none"));
    const [file] = await readdir(join(cache, own));
    assert.equal((await stat(join(cache, own, file ?? "none"))).mode & 0o777, 0o644);
  });
});
