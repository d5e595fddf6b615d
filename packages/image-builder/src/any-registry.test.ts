import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import type { BuilderInput, BuilderResult } from "@jdos/api";
import { dockerConfig, parseMirrors } from "@jdos/component-base";
import { Registry } from "./registry/registry.ts";
import {
  archive,
  BASIC_CREDENTIAL,
  pushBase,
  pushBundle,
  startTestRegistry,
  type TestBase,
  type TestRegistry,
} from "./testing/index.ts";

/** A registry that is not ours: it has a path for the platform, and asks for Basic credentials. */
const REPOSITORY = "team/x/demo/hello";
let server: TestRegistry;
/** What other registries' images come from. */
let mirror: TestRegistry;
let registry: Registry;
let base: TestBase;
let directory: string;
let host: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-any-registry-"));
  await chmod(directory, 0o755);
  [server, mirror] = await Promise.all([
    startTestRegistry({ basic: true }),
    startTestRegistry({ basic: true }),
  ]);
  host = new URL(server.url).host;
  registry = new Registry({ url: server.url, credential: BASIC_CREDENTIAL });
  base = await pushBase(registry, "team/x/");
});
after(async () => {
  await Promise.all([server.stop(), mirror.stop()]);
  await rm(directory, { recursive: true, force: true });
});

async function build(
  name: string,
  files: Parameters<typeof archive>[0],
  mirrors: Readonly<Record<string, string>> = {},
): Promise<BuilderResult> {
  const file = (path: string) => join(directory, name, path);
  await mkdir(file("exchange"), { recursive: true });
  const input: BuilderInput = {
    system: "demo",
    application: "hello",
    build: "hello-b1",
    source: { bundle: { digest: await pushBundle(registry, REPOSITORY, await archive(files)) } },
    registry: { url: server.url, host, prefix: "team/x/", mirrors: [...parseMirrors(mirrors)] },
    repository: REPOSITORY,
    baseImage: `${host}/team/x/jdos/base:12`,
    timeoutSeconds: 120,
  };
  await writeFile(file("input.json"), JSON.stringify(input));
  const hosts = [host, new URL(mirror.url).host];
  await writeFile(file("config.json"), dockerConfig(hosts, BASIC_CREDENTIAL));
  const given = {
    input: "input.json",
    credential: "config.json",
    environment: "environment",
    exchange: "exchange",
    work: "work",
    result: "result.json",
  };
  const flags = Object.entries(given).flatMap(([flag, path]) => [`--${flag}`, file(path)]);
  const main = join(import.meta.dirname, "main.ts");
  const child = spawn(process.execPath, [main, "local", ...flags], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await once(child, "close");
  return JSON.parse(await readFile(file("result.json"), "utf8")) as BuilderResult;
}

test("a Dockerfile that names the base by either name builds at any registry, below its path", async () => {
  for (const from of ["registry.jdos.internal/jdos/base:12", `${host}/team/x/jdos/base:12`]) {
    const result = await build(`dockerfile-${from.split("/").length}`, {
      Dockerfile: `FROM ${from}\nRUN printf hello > /hello\n`,
    });
    assert.equal(result.error, undefined, JSON.stringify(result.error));
    assert.equal(result.image, `${host}/${REPOSITORY}@${result.digest}`);
    const found = await registry.manifest(REPOSITORY, result.digest ?? "");
    assert.equal(found?.manifest.layers[0]?.digest, base.layerDigest, "the base's layer is not sent again");
  }
});

test("a Dockerfile cannot read what else the registry has", async () => {
  await pushBase(registry, "team/x/demo/secret-");
  const result = await build("other", {
    Dockerfile: `FROM ${host}/team/x/demo/secret-jdos/base:12\nRUN true\n`,
  });
  assert.equal(result.error?.code, "BaseImageMissing");
  assert.match(result.error?.message ?? "", /the registry does not give it out/);
});

test("a Node application builds at any registry", async () => {
  const result = await build("node", { "package.json": '{"name":"hello"}', "server.js": "console.log(1)" });
  assert.equal(result.error, undefined, JSON.stringify(result.error));
  assert.equal(result.image, `${host}/${REPOSITORY}@${result.digest}`);
});

test("images of other registries come from their mirrors, by the longest prefix, and are materials", async () => {
  const at = new Registry({ url: mirror.url, credential: BASIC_CREDENTIAL });
  await pushBase(at, "hub/");
  await pushBase(at, "tiny/");
  const place = mirror.url.replace("http://", "");
  const result = await build(
    "mirrored",
    {
      Dockerfile:
        "FROM tiny:12 AS first\nRUN printf one > /one\nFROM docker.io/library/tiny:12\nCOPY --from=jdos/base:12 /bin/sh /copied\nCOPY --from=first /one /one\n",
    },
    { "docker.io": `${mirror.url}/hub`, "docker.io/library/tiny": `${mirror.url}/tiny/jdos/base` },
  );
  assert.equal(result.error, undefined, JSON.stringify(result.error));
  const found = await registry.manifest(REPOSITORY, result.digest ?? "");
  assert.equal(found?.manifest.layers.length, 2);
  const materials = new Map(result.materials?.map(({ image, ...from }) => [image, from]));
  const { digest } = (await at.rawManifest("tiny/jdos/base", "12"))!;
  assert.deepEqual(materials.get("docker.io/library/tiny:12"), {
    digest,
    mirror: `${place}/tiny/jdos/base:12`,
  });
  assert.equal(materials.get("docker.io/jdos/base:12")?.mirror, `${place}/hub/jdos/base:12`);
});

test("a mirror that has no such image is named, with its setting", async () => {
  const mirrors = { "docker.io": `${mirror.url}/hub` };
  const { error } = await build("absent", { Dockerfile: "FROM nothing:1\nRUN true\n" }, mirrors);
  assert.equal(error?.code, "BaseImageMissing");
  assert.match(error?.message ?? "", /the mirror "127\.0\.0\.1:\d+\/hub" does not have it/);
  assert.match(error?.hint ?? "", /registry\.mirrors/);
});
