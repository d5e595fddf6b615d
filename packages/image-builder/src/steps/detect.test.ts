import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { ImageBuilderError } from "../errors.ts";
import { detect } from "./detect.ts";

let root: string;
let count = 0;
before(async () => {
  root = await mkdtemp(join(tmpdir(), "jdos-detect-"));
});
after(() => rm(root, { recursive: true }));

async function source(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(root, String(++count));
  await mkdir(directory);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
}

const BUILD_SCRIPT = '{"scripts":{"build":"vite build"}}';

for (const [files, sentence] of [
  [{ Dockerfile: "", "package.json": "{}" }, "dockerfile: the source has a Dockerfile"],
  [{ "package.json": "{}", "pnpm-lock.yaml": "" }, "node: the source has package.json with pnpm-lock.yaml"],
  [{ "package.json": "{}", "yarn.lock": "" }, "node: the source has package.json with yarn.lock"],
  [{ "requirements.txt": "", "app.py": "" }, "python: the source has requirements.txt"],
  [{ "pyproject.toml": "", "main.py": "" }, "python: the source has pyproject.toml"],
  [{ Pipfile: "", "package.json": BUILD_SCRIPT, "main.py": "" }, "python: the source has Pipfile"],
  [{ Gemfile: "", "config.ru": "" }, "ruby: the source has Gemfile"],
  [{ "composer.json": "{}" }, "php: the source has composer.json"],
  [{ "public/index.php": "" }, "php: the source has public/index.php"],
  [{ "go.mod": "module x", "main.go": "package main" }, "go: the source has go.mod"],
  [{ "pom.xml": "" }, "java: the source has pom.xml"],
  [{ "build.gradle": "" }, "java: the source has build.gradle"],
  [{ "shop.war": "" }, "java: the source has shop.war"],
  [{ "Main.java": "static void main(" }, "java: the source has Main.java"],
  [{ "index.html": "" }, "static: the source has index.html"],
  [{ "public/index.html": "" }, "static: the source has public/index.html"],
  [
    { "package.json": BUILD_SCRIPT, "index.html": "" },
    "static: the source has package.json with a build script and nothing that starts it",
  ],
  [
    { "package.json": '{"scripts":{"build":"x","start":"node x"}}', "index.html": "" },
    "node: the source has package.json",
  ],
  [{ Procfile: "worker: x\nweb: ./run\n" }, "procfile: the source has a Procfile with a web process"],
] as const) {
  test(`detect() says "${sentence}"`, async () => {
    assert.equal(detect(await source(files)).sentence, sentence);
  });
}

test("detect() says what it looked for when it finds nothing, or not what the application says", async () => {
  const nothing = await source({ "notes.txt": "" });
  const refused = (work: () => unknown): ImageBuilderError => {
    try {
      work();
    } catch (error) {
      if (error instanceof ImageBuilderError) return error;
    }
    throw new Error("it was not refused");
  };
  assert.match(
    refused(() => detect(nothing)).message,
    /Dockerfile; package.json; requirements.txt.*; Gemfile;/,
  );
  assert.match(refused(() => detect(nothing, { stack: "go" })).message, /the source has no go.mod$/);
});

test("detect() looks at no file behind a link", async () => {
  const directory = await source({ "notes.txt": "" });
  await symlink("/etc/hostname", join(directory, "go.mod"));
  assert.throws(() => detect(directory), { code: "NothingDetected" });
});

for (const [files, code, message] of [
  [
    { "go.mod": "go 1.99", "main.go": "package main" },
    "VersionUnavailable",
    /Go 1.99, which go.mod asks for: .* Go 1.19/,
  ],
  [
    { "requirements.txt": "", "app.py": "", "runtime.txt": "python-3.13.1" },
    "VersionUnavailable",
    /runtime.txt/,
  ],
  [{ "composer.json": '{"require":{"php":"^8.4"}}' }, "VersionUnavailable", /PHP/],
  [{ Gemfile: 'ruby "4.0.0"', "app.rb": "" }, "VersionUnavailable", /Gemfile/],
  [{ "requirements.txt": "" }, "NoStartCommand", /main.py, app.py/],
  [{ "go.mod": "", "cmd/a/a.go": "package main", "cmd/b/b.go": "package main" }, "NoStartCommand", /a, b/],
] as const) {
  test(`detect() refuses with ${code}: ${message}`, async () => {
    const directory = await source(files);
    assert.throws(() => detect(directory), { code, message });
  });
}

test("detect() tells of a version that is older than what there is", async () => {
  const notesOf = async (asked: string): Promise<string> => {
    const found = detect(await source({ "requirements.txt": "", "app.py": "", ".python-version": asked }));
    return found.kind === "plan" ? found.plan.notes.join() : "";
  };
  assert.match(await notesOf("3.9.2\n"), /^version: .python-version asks for Python 3.9.2; it gets 3.11,/);
  assert.match(await notesOf(">=3.9"), /^start: /);
});
