import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { tarArchive } from "@jdos/component-base";
import { detect } from "../steps/detect.ts";
import type { StackPlan } from "./plan.ts";

const examples = join(import.meta.dirname, "../../../../examples");
const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** What is done with these files, over those of an example. */
function planOf(files: Readonly<Record<string, string | Uint8Array>>, example?: string): StackPlan {
  const directory = mkdtempSync(join(tmpdir(), "jdos-plan-"));
  made.push(directory);
  if (example !== undefined) cpSync(join(examples, example), directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  const detected = detect(directory);
  assert.ok(detected.kind === "plan", detected.sentence);
  return detected.plan;
}

const site = (more: object = {}): string => JSON.stringify({ scripts: { build: "vite build" }, ...more });

test("a front end is installed by the manager of its lockfile, without scripts until its files are there", () => {
  const of = (lockfile: string, text: string) => planOf({ "package.json": site(), [lockfile]: text }).build;
  const npm = of("package-lock.json", "{}");
  assert.match(npm?.dependencies?.run ?? "", /npm ci --include=dev .* --ignore-scripts$/);
  assert.deepEqual(npm?.dependencies?.files, ["package.json", "package-lock.json"]);
  const pnpm = of("pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
  assert.match(
    pnpm?.dependencies?.run ?? "",
    /=pnpm@10 -- pnpm install --frozen-lockfile .*--ignore-scripts$/,
  );
  assert.match(pnpm?.compile?.run ?? "", /-- pnpm rebuild && npm run build && for site in dist /);
  const classic = of("yarn.lock", "# yarn lockfile v1\n");
  assert.match(
    classic?.dependencies?.run ?? "",
    /=yarn@1\.22\.22 -- yarn install .*--ignore-scripts --production=false$/,
  );
  const berry = of("yarn.lock", "__metadata:\n");
  assert.match(
    berry?.dependencies?.run ?? "",
    /YARN_NODE_LINKER=node-modules .*--immutable --mode=skip-build$/,
  );
  assert.match(
    berry?.dependencies?.run ?? "",
    /^if \[ -e \/run\/jdos\/ca\.crt \].*YARN_NPM_REGISTRY_SERVER=/,
  );
});

test("a front end of several packages is installed in its whole source", () => {
  const sources: Record<string, string>[] = [
    { "package.json": site({ workspaces: ["packages/*"] }) },
    { "package.json": site(), "pnpm-workspace.yaml": "packages: [packages/*]\n", "pnpm-lock.yaml": "" },
    { "package.json": site({ devDependencies: { theme: "file:theme" } }) },
  ];
  for (const files of sources) {
    const build = planOf(files).build;
    assert.equal(build?.dependencies, undefined);
    assert.match(build?.compile?.run ?? "", /install .* && npm run build/);
  }
});

test("Composer's packages are installed apart, unless one of them lies in the source", () => {
  const composer = (more: object) => ({
    "composer.json": JSON.stringify({ require: { "example/x": "*" }, ...more }),
    "index.php": "",
  });
  assert.deepEqual(planOf(composer({})).build?.dependencies?.files, ["composer.json"]);
  for (const repositories of [
    [{ type: "path", url: "packages/x" }, { "packagist.org": false }],
    { own: { type: "artifact", url: "archives" }, "packagist.org": false },
  ]) {
    const build = planOf(composer({ repositories })).build;
    assert.equal(build?.dependencies, undefined);
    assert.match(
      build?.compile?.run ?? "",
      /COMPOSER_MIRROR_PATH_REPOS=1 .*composer install --optimize-autoloader/,
    );
  }
});

function gem(extensions: string): Uint8Array {
  const metadata = gzipSync(
    `--- !ruby/object:Gem::Specification\nname: x\nextensions:${extensions}\nfiles: []\n`,
  );
  return tarArchive([
    { path: "data.tar.gz", content: "x".repeat(700) },
    { path: "metadata.gz", content: metadata },
  ]);
}

test("a Ruby application gets a compiler only where a gem may have something to compile", () => {
  const Gemfile = 'source "https://rubygems.org"\ngem "x"\n';
  const packagesOf = (files: Parameters<typeof planOf>[0]) =>
    planOf({ "app.rb": "", ...files }).build?.packages;
  const compiler = ["build-essential", "ruby-dev"];
  assert.deepEqual(packagesOf({ Gemfile }), compiler);
  assert.deepEqual(packagesOf({ Gemfile, "vendor/cache/x-1.gem": gem(" []") }), []);
  assert.deepEqual(packagesOf({ Gemfile, "vendor/cache/x-1.gem": gem("\n- ext/extconf.rb") }), compiler);
  assert.deepEqual(packagesOf({ Gemfile, "vendor/cache/x-1.gem": "no gem" }), compiler);
  assert.deepEqual(planOf({}, "hello-ruby").build?.packages, []);
});

test("Maven and Gradle are those of the source where it has its own, and make an archive or a web application", () => {
  const maven = planOf({}, "hello-maven");
  assert.deepEqual(maven.build?.packages, ["default-jdk-headless", "maven"]);
  assert.match(maven.build?.compile?.run ?? "", /^mvn .* package && mkdir \/out && cp /);
  assert.deepEqual(maven.command, ["java", "-jar", "/app/app.jar"]);
  const wrapped = planOf({ mvnw: "", "pom.xml": "<packaging>war</packaging>" });
  assert.deepEqual(wrapped.build?.packages, ["default-jdk-headless"]);
  assert.ok(wrapped.runtime.includes("tomcat10-user"));
  const gradle = planOf({ "build.gradle": "apply plugin: 'java'\n" });
  assert.deepEqual(gradle.build?.packages, ["default-jdk-headless", "gradle"]);
  assert.match(gradle.build?.compile?.run ?? "", /^gradle --no-daemon --quiet assemble && .*build\/libs/);
});
