import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { BuilderInput, BuilderResult } from "@jdos/api";
import { runCommand } from "@jdos/component-base";
import { extract } from "tar-stream";
import type { Descriptor, ImageConfig } from "./registry/media-types.ts";
import { Registry } from "./registry/registry.ts";
import { archive } from "./testing/bundle.ts";
import {
  pushBase,
  pushBundle,
  startPrivateGit,
  startTestRegistry,
  type TestBase,
  type TestRegistry,
} from "./testing/index.ts";

const HOST = "registry.jdos.internal";
const REPOSITORY = "demo/hello";
const examples = join(import.meta.dirname, "../../../examples");
let server: TestRegistry;
let registry: Registry;
let base: TestBase;
let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-build-"));
  // Steps run as another user.
  await chmod(directory, 0o755);
  server = await startTestRegistry({
    grant: (username, repository, actions) => {
      if (username === "admin") return actions;
      if (username === "demo.hello" && repository === REPOSITORY) return actions;
      return repository.startsWith("jdos/") && username !== undefined ? ["pull"] : [];
    },
  });
  registry = new Registry({ url: server.url, credential: { username: "admin", password: "x" } });
  base = await pushBase(registry);
});

after(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

const CAPABILITIES = ["chown", "dac_override", "fowner", "kill", "setfcap", "setgid", "setuid"];
/** What a container has: so that buildah works in a user namespace, and may do no more than there. */
const AS_IN_A_POD = [
  `--bounding-set=-all,${CAPABILITIES.map((name) => `+${name}`).join(",")}`,
  "--inh-caps=-all",
  "--no-new-privs",
];

interface Outcome {
  result: BuilderResult;
  log: string;
  exitCode: number;
}

let count = 0;
/** A build whose log says this is told to stop, as the kubelet does. */
let stopAt: RegExp | undefined;
/** What the builds of one system share; absent: nothing is kept. */
let cache: string | undefined;
/** Secrets that are mounted, by their names. */
let secrets: Readonly<Record<string, string>> = {};
/** What the Secret of a private repository holds. */
let gitCredential: Readonly<Record<string, string>> = {};

/** Runs both sides of a build as the Pod would, with the application's own credential. */
async function build(
  source: BuilderInput["source"],
  more: Partial<BuilderInput> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const root = join(directory, String(++count));
  // As a kubelet makes a volume that Pods share.
  await mkdir(join(root, "exchange"), { recursive: true });
  await mkdir(join(root, "volume"));
  for (const name of ["exchange", "volume"]) await chmod(join(root, name), 0o777);
  await mkdir(join(root, "environment"));
  for (const [name, text] of Object.entries(environment))
    await writeFile(join(root, "environment", name), text);
  for (const [name, text] of Object.entries(secrets)) {
    await mkdir(join(root, "secrets", name), { recursive: true });
    await writeFile(join(root, "secrets", name, "value"), text, { mode: 0o400 });
  }
  await mkdir(join(root, "git"));
  for (const [key, text] of Object.entries(gitCredential))
    await writeFile(join(root, "git", key), text, { mode: 0o400 });
  const input: BuilderInput = {
    system: "demo",
    application: "hello",
    build: `hello-b${count}`,
    source,
    registry: { url: server.url, host: HOST },
    repository: REPOSITORY,
    baseImage: base.reference,
    timeoutSeconds: 120,
    ...more,
  };
  await writeFile(join(root, "input.json"), JSON.stringify(input));
  const auth = Buffer.from("demo.hello:secret-of-the-registry").toString("base64");
  await writeFile(join(root, "credential.json"), JSON.stringify({ auths: { [HOST]: { auth } } }));
  const file = (name: string) => join(root, name);
  const argv = [
    join(import.meta.dirname, "main.ts"),
    "local",
    "--input",
    file("input.json"),
    "--credential",
    file("credential.json"),
    "--git-credential",
    file("git"),
    "--environment",
    file("environment"),
    "--exchange",
    file("exchange"),
    "--work",
    file("volume/work"),
    "--cache",
    cache ?? file("none"),
    "--secrets",
    file("secrets"),
    "--result",
    file("result.json"),
  ];
  const child = spawn("setpriv", [...AS_IN_A_POD, process.execPath, ...argv], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let log = "";
  child.stdout.on("data", (chunk: Buffer) => {
    log += chunk;
    if (stopAt?.test(log)) child.kill("SIGTERM");
  });
  const [exitCode] = (await once(child, "close")) as [number];
  assert.ok(existsSync(file("result.json")), log);
  return { result: JSON.parse(readFileSync(file("result.json"), "utf8")) as BuilderResult, log, exitCode };
}

/** Resolves when a process is gone; it is killed at once, and reaped soon after. */
async function gone(pid: number): Promise<void> {
  for (let tries = 0; existsSync(`/proc/${pid}`); tries++) {
    assert.ok(tries < 400, `process ${pid} is still there`);
    await sleep(25);
  }
}

async function bundleOf(files: Parameters<typeof archive>[0]): Promise<BuilderInput["source"]> {
  return { bundle: { digest: await pushBundle(registry, REPOSITORY, await archive(files)) } };
}

function example(name: string): Record<string, string> {
  const at = join(examples, name);
  return Object.fromEntries(readdirSync(at).map((file) => [file, readFileSync(join(at, file), "utf8")]));
}

async function configOf(digest: string | undefined): Promise<ImageConfig> {
  const found = await registry.manifest(REPOSITORY, digest ?? "");
  assert.ok(found);
  return JSON.parse((await registry.blob(REPOSITORY, found.manifest.config)).toString("utf8")) as ImageConfig;
}

test("run() makes an image of hello-node whose base layers are shared and whose digest is always the same", async () => {
  const source = await bundleOf(example("hello-node"));
  const first = await build(source);
  assert.equal(first.result.error, undefined, first.log);
  assert.equal(first.exitCode, 0);
  assert.equal(first.result.stack, "node: the source has package.json with package-lock.json");
  assert.deepEqual(
    first.result.stages.map(({ name, state }) => [name, state]),
    [
      ["source", "Succeeded"],
      ["build", "Succeeded"],
      ["push", "Succeeded"],
    ],
  );
  assert.equal(first.result.image, `${HOST}/${REPOSITORY}@${first.result.digest}`);
  const found = await registry.manifest(REPOSITORY, first.result.digest ?? "");
  assert.equal(found?.manifest.layers[0]?.digest, base.layerDigest);
  const { config } = await configOf(first.result.digest);
  assert.equal(config?.User, "1000:1000");
  assert.equal(config?.WorkingDir, "/app");
  assert.deepEqual(config?.Cmd, ["node", "server.js"]);
  assert.ok(config?.Env?.includes("PORT=8080"));
  const second = await build(source);
  assert.equal(second.result.digest, first.result.digest);
});

test("run() builds a Dockerfile on the platform's base and uploads only what it added", async () => {
  const { result, log } = await build(await bundleOf(example("dockerfile")), {
    options: { args: { GREETING: "given" } },
  });
  assert.equal(result.error, undefined, log);
  const found = await registry.manifest(REPOSITORY, result.digest ?? "");
  assert.equal(found?.manifest.layers[0]?.digest, base.layerDigest);
  assert.match(log, /^STEP \d+\/\d+: RUN printf/m);
  const config = await configOf(result.digest);
  assert.deepEqual(config.config?.Cmd, ["node", "server.js"]);
  assert.equal(config.config?.User, "1000:1000");
});

test("run() tells the image of a planned stack what it is to run, over what the base says", async () => {
  const { result, log } = await build(await bundleOf({ Procfile: "web: ./serve --port 8080\n", serve: "" }));
  assert.equal(result.error, undefined, log);
  assert.match(log, /^\[2\/2\] STEP 2\/2: COPY /m);
  const { config } = await configOf(result.digest);
  assert.deepEqual(config?.Env, ["PATH=/usr/local/bin:/usr/bin:/bin", "PORT=8080", "HOME=/app"]);
  assert.deepEqual(
    [config?.User, config?.WorkingDir, config?.Cmd, config?.ExposedPorts],
    ["1000:1000", "/app", ["./serve", "--port", "8080"], { "8080/tcp": {} }],
  );
});

test("run() fails with the step, its exit code and its last lines", async () => {
  const { result, exitCode } = await build(await bundleOf(example("broken-build")));
  assert.equal(exitCode, 1);
  assert.equal(result.error?.code, "BuildStepFailed");
  assert.match(result.error?.message ?? "", /"npm run build": exit code 2/);
  assert.ok(
    result.error?.lines?.some((line) => line.includes("Cannot find name 'colour'")),
    JSON.stringify(result.error),
  );
  assert.equal(result.stages.find(({ name }) => name === "build")?.state, "Failed");
});

test("run() says that a FROM cannot be had, and what could", async () => {
  const { result } = await build(await bundleOf({ Dockerfile: `FROM ${HOST}/jdos/nothing:1\nRUN true\n` }));
  assert.equal(result.error?.code, "BaseImageMissing", JSON.stringify(result.error));
  assert.match(result.error?.message ?? "", /jdos\/nothing:1/);
  assert.match(result.error?.hint ?? "", /jdos\/base:12/);
});

test("run() names the Dockerfile's step that failed", async () => {
  const { result } = await build(
    await bundleOf({ Dockerfile: `FROM ${base.reference}\nRUN echo about to fail; exit 7\n` }),
  );
  assert.equal(result.error?.code, "BuildStepFailed", JSON.stringify(result.error));
  assert.match(result.error?.message ?? "", /RUN echo about to fail.*exit code 7/);
  assert.ok(result.error?.lines?.includes("about to fail"));
});

test("run() says what it looked for in a source that it cannot build", async () => {
  const { result } = await build(await bundleOf({ "notes.txt": "hello" }));
  assert.equal(result.error?.code, "NothingDetected");
  for (const name of ["Dockerfile", "package.json", "requirements.txt", "go.mod", "Gemfile", "Procfile"])
    assert.ok(result.error?.message.includes(name), result.error?.message);
});

test("run() says that a git URL does not answer", async () => {
  const { result } = await build({ git: { url: "http://127.0.0.1:9/team/app.git" } });
  assert.equal(result.error?.code, "SourceUnreachable");
  assert.equal(result.stages[0]?.state, "Failed");
  assert.ok(result.error?.hint);
});

test("run() gives Dockerfile steps the build environment and leaves none of it in the image", async () => {
  const show = "cat /run/jdos/ca.crt /usr/local/etc/npmrc /etc/pip.conf; env";
  const environment = {
    "ca.crt": "the authorities",
    npmrc: "registry=http://npm.example.org/\n",
    "pip.conf": "[global]\nindex-url = http://pip.example.org/\n",
    environment: "HTTPS_PROXY=http://proxy.example.org\nOTHER=1\n",
  };
  const { result, log } = await build(
    await bundleOf({ Dockerfile: `FROM ${base.reference}\nRUN ${show}\n` }),
    {},
    environment,
  );
  assert.equal(result.error, undefined, log);
  for (const seen of [
    "the authorities",
    "registry=http://npm.example.org/",
    "cafile=/run/jdos/ca.crt",
    "index-url = http://pip.example.org/",
    "cert = /run/jdos/ca.crt",
    "HTTPS_PROXY=http://proxy.example.org",
  ]) {
    assert.ok(log.includes(seen), `${seen} is missing from ${log}`);
  }
  const found = await registry.manifest(REPOSITORY, result.digest ?? "");
  const top = found?.manifest.layers.at(-1);
  assert.ok(top);
  const content = gunzipSync(await registry.blob(REPOSITORY, top)).toString("latin1");
  const config = JSON.stringify(await configOf(result.digest));
  for (const secret of ["the authorities", "npm.example.org", "pip.example.org", "proxy.example.org"]) {
    assert.ok(!content.includes(secret) && !config.includes(`"HTTPS_PROXY`), secret);
  }
});

/** npm's registry with one package. Source: npm's registry API, package metadata. */
async function startNpm(
  name: string,
  versions: readonly string[],
  files: (version: string) => Readonly<Record<string, string>>,
): Promise<{ url: string; downloads(): number; stop(): void }> {
  const archives = new Map<string, Buffer>();
  for (const version of versions) archives.set(version, await archive(files(version)));
  let downloads = 0;
  const server = createServer(({ url = "" }, response) => {
    const [, , version = ""] = url.split("/");
    if (version !== "") {
      downloads++;
      response.end(archives.get(version));
      return;
    }
    const described = [...archives].map(([version, bytes]) => {
      const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
      return [version, { name, version, dist: { tarball: `${base()}/${name}/${version}`, integrity } }];
    });
    const latest = versions.at(-1);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name, "dist-tags": { latest }, versions: Object.fromEntries(described) }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: base(), downloads: () => downloads, stop };
}

test("run() installs what the lockfile says as a user who is not root, once for many builds", async () => {
  const module = await archive({
    "package/package.json": JSON.stringify({
      name: "x",
      version: "1.0.0",
      scripts: { install: "id -u; env" },
    }),
    "package/index.js": "module.exports = 1;",
  });
  const npm = createServer((_request, response) => response.end(module));
  npm.listen(0, "127.0.0.1");
  await once(npm, "listening");
  try {
    const resolved = `http://127.0.0.1:${(npm.address() as AddressInfo).port}/x.tgz`;
    const integrity = `sha512-${createHash("sha512").update(module).digest("base64")}`;
    const manifest = {
      name: "app",
      version: "1.0.0",
      dependencies: { x: "1.0.0" },
      scripts: { start: "node index.js" },
    };
    const lock = {
      name: "app",
      version: "1.0.0",
      lockfileVersion: 3,
      requires: true,
      packages: {
        "": { name: "app", version: "1.0.0", dependencies: { x: "1.0.0" } },
        "node_modules/x": { version: "1.0.0", resolved, integrity, hasInstallScript: true },
      },
    };
    const files = {
      "package.json": JSON.stringify(manifest),
      "package-lock.json": JSON.stringify(lock),
      ".npmrc": "foreground-scripts=true\n",
      "index.js": "require('x')",
    };
    const first = await build(await bundleOf(files));
    assert.equal(first.result.error, undefined, first.log);
    assert.match(first.log, /^1000$/m);
    assert.ok(!first.log.includes("secret-of-the-registry"));
    const second = await build(await bundleOf({ ...files, "index.js": "require('x'); // changed" }));
    assert.match(second.log, /their layer is used again/);
    const layers = async (outcome: Outcome) =>
      (await registry.manifest(REPOSITORY, outcome.result.digest ?? ""))?.manifest.layers.map(
        ({ digest }) => digest,
      );
    const [before, after] = [(await layers(first)) ?? [], (await layers(second)) ?? []];
    assert.equal(after.length, 3);
    assert.deepEqual(after.slice(0, 2), before.slice(0, 2));
    assert.notEqual(after[2], before[2]);
  } finally {
    npm.close();
    npm.closeAllConnections();
  }
});

test("run() gives a source the Node it asks for, as a layer that later builds use again", async () => {
  const name = `node-linux-${process.arch}`;
  const npm = await startNpm(name, ["18.20.8", "20.18.1", "20.18.3", "22.1.0"], (version) => ({
    "package/package.json": JSON.stringify({ name, version }),
    // npm itself runs with it.
    "package/bin/node": `#!/bin/sh\n[ "$1" != --version ] || exec echo v${version}\nexec ${process.execPath} "$@"\n`,
  }));
  try {
    const environment = { npmrc: `registry=${npm.url}\n` };
    const files = (node: string, words: string) => ({
      "package.json": JSON.stringify({ name: "app", engines: { node }, scripts: { start: "node index.js" } }),
      "index.js": words,
    });
    const options = { steps: { before: [{ name: "which", run: "node --version" }] } };
    const first = await build(await bundleOf(files("20.18.x", "1")), { options }, environment);
    assert.equal(first.result.error, undefined, first.log);
    assert.match(first.log, /package.json asks for [^\n]+, the image gets Node 20\.18\.3$/m);
    assert.match(first.log, /^v20\.18\.3$/m);
    const second = await build(await bundleOf(files("20.18.x", "2")), {}, environment);
    const layers = async ({ result }: Outcome) =>
      (await registry.manifest(REPOSITORY, result.digest ?? ""))?.manifest.layers.map(({ digest }) => digest);
    const [before, after] = [(await layers(first)) ?? [], (await layers(second)) ?? []];
    assert.equal(before.length, 3);
    assert.deepEqual(after.slice(0, 2), before.slice(0, 2));
    assert.equal(npm.downloads(), 1);
    const refused = await build(await bundleOf(files(">=999", "3")), {}, environment);
    assert.equal(
      refused.result.error?.message,
      "Cannot build with Node >=999.0.0, which package.json asks for: npm offers none",
    );
  } finally {
    npm.stop();
  }
});

test("run() ends the steps when the build is stopped, and leaves nothing of them", async () => {
  const manifest = JSON.stringify({ scripts: { build: "node wait.js", start: "node wait.js" } });
  const wait = 'console.log("waiting", process.pid); setInterval(() => {}, 1000);';
  stopAt = /^waiting/m;
  const { result, log } = await build(await bundleOf({ "package.json": manifest, "wait.js": wait }));
  stopAt = undefined;
  assert.equal(result.error?.code, "Stopped", log);
  const pid = Number(/^waiting (\d+)$/m.exec(log)?.[1]);
  assert.ok(pid > 0, log);
  await gone(pid);
  const root = join(directory, String(count));
  assert.deepEqual(readdirSync(join(root, "exchange")), []);
  assert.ok(!existsSync(join(root, "volume/work")));
});

test("run() knows steps from an earlier build of the system, and sends only the layer that changed", async () => {
  cache = await mkdtemp(join(directory, "cache-"));
  const files = {
    Dockerfile: `FROM ${base.reference} AS made
ARG WORD=none
RUN --mount=type=cache,target=/kept,sharing=locked --mount=type=cache,target=/other,sharing=locked echo x >>/kept/count; cat /kept/count; echo $WORD >/made
FROM ${base.reference}
RUN --mount=type=cache,target=/kept,sharing=locked --mount=type=cache,target=/other,sharing=locked true
COPY --from=made /made /made
COPY file /file
`,
    file: "1",
  };
  const first = await build(await bundleOf(files));
  assert.equal(first.result.error, undefined, first.log);
  assert.match(first.log, /^x$/m);
  const same = await build(await bundleOf(files));
  assert.equal(same.result.digest, first.result.digest);
  assert.match(same.log, /0 layers uploaded, 4 there already/);
  assert.match(same.log, /known from earlier builds/);
  const changed = await build(await bundleOf({ ...files, file: "2" }));
  assert.match(changed.log, /1 layer uploaded, 3 there already/);
  assert.notEqual(changed.result.digest, first.result.digest);
  const other = await build(await bundleOf(files), { options: { args: { WORD: "other" } } });
  assert.match(other.log, /^x\nx$/m);
  cache = await mkdtemp(join(directory, "cache-"));
  const elsewhere = await build(await bundleOf(files));
  assert.match(elsewhere.log, /^x$/m);
  assert.equal(elsewhere.result.digest, first.result.digest);
  cache = undefined;
});

test("run() makes one layer of all that a build put over its base, always the same", async () => {
  const files = {
    Dockerfile: `FROM ${base.reference}\nCOPY a /a\nCOPY b /b\nRUN echo 1 >/c && mkdir /d && echo 2 >/d/e\nRUN rm -r /a /d /usr/bin/id\n`,
    a: "a",
    b: "b",
  };
  const source = await bundleOf(files);
  const digests: unknown[] = [];
  for (let turn = 0; turn < 2; turn++) {
    cache = await mkdtemp(join(directory, "cache-"));
    const { result, log } = await build(source, { options: { squash: true } });
    assert.equal(result.error, undefined, log);
    digests.push(result.digest);
  }
  cache = undefined;
  assert.equal(digests[0], digests[1]);
  const found = await registry.manifest(REPOSITORY, String(digests[0]));
  assert.equal(found?.manifest.layers.length, 2);
  assert.equal(found?.manifest.layers[0]?.digest, base.layerDigest);
  const names: string[] = [];
  const tar = extract();
  tar.on("entry", ({ name }, content, next) => {
    names.push(name);
    content.resume().on("end", next);
  });
  tar.end(gunzipSync(await registry.blob(REPOSITORY, found?.manifest.layers[1] as Descriptor)));
  await once(tar, "finish");
  // buildah mounts over the files of /etc that a step needs, and leaves them empty.
  const kept = names.filter((name) => !name.endsWith("/") && !name.startsWith("etc/")).sort();
  assert.deepEqual(kept, [".wh.a", ".wh.d", "b", "c", "usr/bin/.wh.id"]);
});

test("run() shows a secret to the step that asks for it, and leaves it in no image, log or cache", async () => {
  cache = await mkdtemp(join(directory, "cache-"));
  const value = "value-that-nobody-else-may-see";
  secrets = { token: `${value}\n` };
  const options = { secrets: [{ name: "token", secret: { name: "mine", key: "token" } }] };
  const files = {
    Dockerfile: `FROM ${base.reference}
RUN --mount=type=secret,id=token cat /run/secrets/token && test -s /run/secrets/token
RUN cat /run/secrets/token 2>/dev/null || echo it is gone; env
`,
  };
  const { result, log } = await build(await bundleOf(files), { options });
  assert.equal(result.error, undefined, log);
  assert.match(log, /^\*\*\*$/m);
  assert.match(log, /^it is gone$/m);
  const failing = {
    Dockerfile: `${files.Dockerfile}RUN --mount=type=secret,id=token cat /run/secrets/token; exit 3`,
  };
  const failed = await build(await bundleOf(failing), { options });
  assert.equal(failed.result.error?.code, "BuildStepFailed");
  assert.ok(failed.result.error?.lines?.includes("***"));
  const found = await registry.manifest(REPOSITORY, result.digest ?? "");
  const layers = await Promise.all(
    (found?.manifest.layers ?? [])
      .slice(1)
      .map(async (layer) => gunzipSync(await registry.blob(REPOSITORY, layer))),
  );
  const written = [log, JSON.stringify(failed), JSON.stringify(await configOf(result.digest)), ...layers];
  assert.ok(written.every((text) => !text.includes(value)));
  const grep = spawn("grep", ["--recursive", "--files-with-matches", value, cache], { stdio: "pipe" });
  const places = (await grep.stdout.toArray()).join("");
  assert.equal(places, "", "the cache has it");
  secrets = {};
  const missing = await build(await bundleOf(files), { options });
  assert.equal(missing.result.error?.code, "SecretMissing");
  assert.match(missing.result.error?.message ?? "", /Secret "mine" has no key "token"/);
  cache = undefined;
});

test("run() ends a build that fills the disk, and frees what it wrote", async () => {
  cache = await mkdtemp(join(directory, "cache-"));
  await runCommand(["mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", cache]);
  try {
    const fill =
      "i=0; while [ $i -lt 540 ]; do head -c 1000000 /dev/zero >/fill-$i; i=$((i+1)); done; while :; do :; done";
    const { result, log } = await build(
      await bundleOf({ Dockerfile: `FROM ${base.reference}\nRUN ${fill}\n` }),
    );
    assert.equal(result.error?.code, "OutOfDisk", log);
    assert.match(result.error?.message ?? "", /its disk is nearly full, \d+ MiB of 512 MiB are left/);
    const { bavail, blocks } = statfsSync(cache);
    assert.ok(bavail > blocks * 0.9, `${bavail} of ${blocks} are free`);
  } finally {
    await runCommand(["umount", "--lazy", cache]);
    cache = undefined;
  }
});

test("run() keeps nothing of the containers of steps that failed", async () => {
  cache = await mkdtemp(join(directory, "cache-"));
  const failing = `FROM ${base.reference}\nRUN echo left-behind-by-a-step >/left; exit 3\n`;
  const { result } = await build(await bundleOf({ Dockerfile: failing }));
  assert.equal(result.error?.code, "BuildStepFailed");
  const grep = spawn("grep", ["--recursive", "--files-with-matches", "left-behind-by-a-step", cache], {
    stdio: "pipe",
  });
  assert.equal((await grep.stdout.toArray()).join(""), "");
  cache = undefined;
});

const stateOf = ({ stages }: BuilderResult): string[] => stages.map(({ name, state }) => `${name} ${state}`);

test("run() shows the login of a private repository to no step, image or log", async () => {
  const password = "s3cr3t-of-forge";
  // A step's own text has not what it looks for.
  const find = (where: string): string => `if grep -rIs 's3cr3t[-]of-forge' ${where}; then exit 9; fi`;
  const everywhere = ". ../../../.. /tmp/jdos-build-* /proc/[0-9]*/cmdline /proc/[0-9]*/environ";
  const hostile = [{ name: "look", run: `${find(everywhere)}; env | ${find("-")}; test ! -e .git; id -u` }];
  const git = await startPrivateGit({
    root: join(directory, "forge"),
    username: "ada",
    password,
    files: {
      Dockerfile: `FROM ${base.reference}\nCOPY . /app\nRUN ${find("/app /tmp /run /etc")}; env | ${find("-")}\n`,
    },
  });
  try {
    gitCredential = { username: "ada", password };
    const source = { git: { url: git.url, secret: "forge" } };
    const options = { steps: { before: hostile, after: hostile } };
    const { result, log } = await build(source, { options });
    assert.equal(result.error, undefined, log);
    assert.equal(result.revision, git.commit);
    assert.equal(log.match(/^1000$/gm)?.length, 2);
    assert.ok(!log.includes(password) && !JSON.stringify(result).includes(password), log);
    gitCredential = {};
    const { result: without } = await build(source);
    assert.deepEqual([without.error?.code, stateOf(without)], ["SourceUnauthorized", ["source Failed"]]);
    assert.match(without.error?.message ?? "", /Secret "forge" is not there, or has no "password"/);
  } finally {
    gitCredential = {};
    await git.stop();
  }
});

test("run() tests a node application with what it is developed with, and its image is the same as without", async () => {
  const module = await archive({
    "package/package.json": JSON.stringify({ name: "x", version: "1.0.0" }),
    "package/index.js": "module.exports = 'from the tool';",
  });
  const npm = createServer((_request, response) => response.end(module));
  npm.listen(0, "127.0.0.1");
  await once(npm, "listening");
  try {
    const tool = `http://127.0.0.1:${(npm.address() as AddressInfo).port}/x.tgz`;
    const source = await bundleOf({
      "package.json": JSON.stringify({
        name: "app",
        devDependencies: { x: tool },
        scripts: { start: "node server.js", test: "node test.js" },
      }),
      "server.js": "",
      "test.js": "require('fs').writeFileSync('server.js', 'changed'); console.log('tested ' + require('x'))",
    });
    const plain = await build(source);
    const steps = {
      before: [
        { name: "unit", run: "npm test\nid -u" },
        {
          name: "swap",
          run: "for at in exchange/source volume/work; do if mv ../../../../$at ../../../../$at.x; then exit 9; fi; done",
        },
      ],
      after: [{ name: "scan", run: 'echo "scanned $JDOS_IMAGE"' }],
    };
    const { result, log } = await build(source, { options: { steps } });
    assert.equal(result.error, undefined, log);
    const passed = ["source", "test", "build", "push", "after"].map((name) => `${name} Succeeded`);
    assert.deepEqual(stateOf(result), passed);
    assert.equal(result.stages[1]?.message, "2 steps passed: unit, swap");
    assert.match(log, /--- stage test started.*^tested from the tool$.*^1000$.*--- stage test succeeded/ms);
    assert.ok(log.includes(`scanned ${result.image}`), log);
    assert.equal(plain.result.error, undefined, plain.log);
    assert.equal(result.digest, plain.result.digest);
  } finally {
    npm.close();
    npm.closeAllConnections();
  }
});

test("run() stops at a step of one's own that fails, before the image and after it", async () => {
  const source = await bundleOf(example("hello-node"));
  const bad = [
    { name: "unit", run: "echo broken; (exit 3); echo never" },
    { name: "late", run: "echo never" },
  ];
  const first = await build(source, { options: { steps: { before: bad } } });
  assert.deepEqual([first.exitCode, stateOf(first.result)], [1, ["source Succeeded", "test Failed"]]);
  assert.equal(first.result.error?.code, "StepFailed");
  assert.equal(first.result.error?.message, 'Step "unit" failed: exit code 3');
  assert.ok(first.result.error?.lines?.includes("broken") && !/^never/m.test(first.log), first.log);
  const last = await build(source, { options: { steps: { after: bad } } });
  assert.deepEqual(stateOf(last.result).slice(-2), ["push Succeeded", "after Failed"]);
  const { error, digest, image } = last.result;
  assert.deepEqual(
    [error?.message, digest, image],
    ['Step "unit" failed: exit code 3', undefined, undefined],
  );
});
