import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, it } from "node:test";
import { listFiles } from "./list-files.ts";
import { openDirectory } from "./pack.ts";

describe("openDirectory()", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "jdos-pack-test-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (files: Record<string, string>): void => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
  };
  const git = (...args: string[]): void =>
    void execFileSync("git", ["-C", directory, "-c", "user.name=t", "-c", "user.email=t@example", ...args], {
      stdio: "ignore",
    });
  const FILES = {
    "package.json": "{}",
    "src/a.js": "1",
    "src/build/out.js": "2",
    "node_modules/x/index.js": "3",
    "debug.log": "4",
    "src/keep.log": "5",
    ".gitignore": "*.log\n!keep.log\nnode_modules\n",
    "src/.gitignore": "build/\n",
  };

  it("listFiles() leaves out what the .gitignore of each directory names", async () => {
    write(FILES);
    assert.deepEqual(await listFiles(directory, process.env), [
      ".gitignore",
      "package.json",
      "src/.gitignore",
      "src/a.js",
      "src/keep.log",
    ]);
  });

  it("listFiles() says the same of a git checkout, with what is new and without what was removed", async () => {
    write({ ...FILES, "gone.js": "6" });
    git("init", "-q");
    git("add", "-A");
    rmSync(join(directory, "gone.js"));
    write({ "new.js": "7" });
    assert.deepEqual(await listFiles(directory, process.env), [
      ".gitignore",
      "new.js",
      "package.json",
      "src/.gitignore",
      "src/a.js",
      "src/keep.log",
    ]);
  });

  it("listFiles() reads .dockerignore from its root, keeps exceptions and the Dockerfile", async () => {
    write({
      "a.md": "",
      "docs/a.md": "",
      "tmp/x": "",
      "tmp/keep": "",
      "sub/tmp/x": "",
      Dockerfile: "FROM x",
      ".dockerignore": "# no\na.md\ntmp/*\n!tmp/keep\nDockerfile\n",
    });
    assert.deepEqual(await listFiles(directory, process.env), [
      ".dockerignore",
      "Dockerfile",
      "docs/a.md",
      "sub/tmp/x",
      "tmp/keep",
    ]);
  });

  it("openDirectory() gives equal content an equal archive, whatever the times", async () => {
    write({ "a.txt": "a", "empty.txt": "", "bin/run": "#!/bin/sh" });
    chmodSync(join(directory, "bin/run"), 0o700);
    symlinkSync("a.txt", join(directory, "link"));
    const digest = async (): Promise<string> => {
      const tar = await buffer((await openDirectory(directory, process.env)).read());
      const hash = createHash("sha256").update(tar).digest("hex");
      const listing = execFileSync("tar", ["-tv"], { input: tar, encoding: "utf8" });
      assert.match(listing, /^-rwxr-xr-x .* bin\/run$/m);
      assert.match(listing, /^-rw-r--r-- .* empty\.txt$/m);
      assert.match(listing, /link -> a\.txt$/m);
      return hash;
    };
    const first = await digest();
    utimesSync(join(directory, "a.txt"), 1, 1);
    assert.equal(await digest(), first);
  });

  it("openDirectory() refuses what is no directory, is not there, or is empty", async () => {
    write({ file: "x", "node_modules/a": "" });
    await assert.rejects(openDirectory(join(directory, "file")), { code: "NotADirectory" });
    await assert.rejects(openDirectory(join(directory, "none")), { code: "NotADirectory" });
    mkdirSync(join(directory, "bare"));
    await assert.rejects(openDirectory(join(directory, "bare")), { code: "NothingToPack" });
  });
});
