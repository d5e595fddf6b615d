import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import type { BuilderInput } from "@jdos/api";
import { dial } from "../exchange/channel.ts";
import type { FromSteps, ToSteps } from "../exchange/messages.ts";
import { digestOf, Registry } from "../registry/registry.ts";
import { archive, pushBase, pushBundle, startTestRegistry, type TestRegistry } from "../testing/index.ts";
import { coordinate } from "./coordinate.ts";

const MOUNTS = { gitCredential: "/nonexistent/git", environment: "/nonexistent/environment" };
let server: TestRegistry;
let registry: Registry;
let digest: string;
let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-coordinate-"));
  server = await startTestRegistry();
  registry = new Registry({ url: server.url });
  await pushBase(registry);
  digest = await pushBundle(registry, "demo/hello", await archive({ "package.json": "{}" }));
});

after(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

function input(more: Partial<BuilderInput> = {}): BuilderInput {
  return {
    system: "demo",
    application: "hello",
    build: "hello-b1",
    source: { bundle: { digest } },
    registry: { url: server.url, host: "registry.jdos.internal" },
    repository: "demo/hello",
    baseImage: "registry.jdos.internal/jdos/base:12",
    timeoutSeconds: 60,
    ...more,
  };
}

/** One build whose steps are the test's own. */
async function withSteps(
  steps: (
    begin: Extract<ToSteps, { type: "begin" }>,
    send: (message: FromSteps) => void,
    exchange: string,
  ) => Promise<void> | void,
  options: { signal?: AbortSignal } = {},
) {
  const exchange = await mkdtemp(join(directory, "exchange-"));
  const said: string[] = [];
  const result = coordinate({
    ...MOUNTS,
    input: input(),
    exchange,
    say: (line) => said.push(line),
    ...options,
  });
  const channel = await dial<FromSteps, ToSteps>({ path: join(exchange, "build.sock") });
  for await (const message of channel.messages) {
    if (message.type === "begin") await steps(message, channel.send, exchange);
    break;
  }
  channel.close();
  return { result: await result, said };
}

test("coordinate() says that the steps were lost when they end without a result", async () => {
  const { result, said } = await withSteps((_begin, send) => send({ type: "log", line: "working" }));
  assert.equal(result.error?.code, "StepsLost");
  assert.deepEqual(
    result.stages.map(({ name, state }) => [name, state]),
    [
      ["source", "Succeeded"],
      ["build", "Failed"],
    ],
  );
  assert.ok(said.includes("working"));
  assert.ok(said.some((line) => line.startsWith("--- stage build failed in ")));
});

test("coordinate() pushes nothing that lies behind a link or has another name or size than it says", async () => {
  const layer = {
    digest: `sha256:${"0".repeat(64)}`,
    size: 5,
    diffId: `sha256:${"0".repeat(64)}`,
    createdBy: "x",
  };
  for (const file of ["../secret", "link", "missing"]) {
    const { result } = await withSteps(async (_begin, send, exchange) => {
      const { symlink, writeFile } = await import("node:fs/promises");
      await writeFile(join(exchange, "..", "secret"), "12345");
      if (file === "link") await symlink("../secret", join(exchange, "link"));
      send({
        type: "built",
        message: "",
        image: { kind: "layers", layers: [{ ...layer, file }], config: {} },
      });
    });
    assert.equal(result.error?.code, "BuilderFailed", file);
    assert.ok(!JSON.stringify(result).includes("12345"));
  }
});

async function pushByHand(registryPort: number, layer: Buffer<ArrayBuffer>, diffId: string): Promise<void> {
  const at = `http://127.0.0.1:${registryPort}/v2/jdos-build/image`;
  const upload = async (body: Buffer<ArrayBuffer>): Promise<void> => {
    const begun = await fetch(`${at}/blobs/uploads/`, { method: "POST" });
    const location = new URL(begun.headers.get("location") ?? "", at);
    await fetch(location, { method: "PATCH", body });
    await fetch(`${location}?digest=${digestOf(body)}`, { method: "PUT" });
  };
  const rootfs = { type: "layers", diff_ids: [diffId] };
  const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", rootfs }));
  await upload(layer);
  await upload(config);
  const layers = [{ digest: digestOf(layer) }];
  const body = JSON.stringify({ schemaVersion: 2, config: { digest: digestOf(config) }, layers });
  await fetch(`${at}/manifests/latest`, { method: "PUT", body });
}

test("coordinate() takes a pushed image when its layers are what its configuration says, gzipped or not", async () => {
  const plain = Buffer.from("a layer");
  const built = (layer: Buffer<ArrayBuffer>, diffId: string) =>
    withSteps(async ({ registryPort }, send) => {
      await pushByHand(registryPort, layer, diffId);
      send({ type: "built", message: "", image: { kind: "pushed" } });
    });
  for (const layer of [plain, Buffer.from(gzipSync(plain))]) {
    const { result } = await built(layer, digestOf(plain));
    assert.equal(result.error, undefined);
    const found = await registry.manifest("demo/hello", result.digest ?? "");
    assert.equal(
      gunzipSync(await registry.blob("demo/hello", found!.manifest.layers[0]!)).toString(),
      "a layer",
    );
  }
  const { result } = await built(Buffer.from("another layer"), digestOf(Buffer.from("a third")));
  assert.equal(result.error?.code, "BuilderFailed");
});

test("coordinate() refuses a pushed image that was never pushed", async () => {
  const image = { kind: "pushed" } as const;
  const { result } = await withSteps((_begin, send) => send({ type: "built", message: "", image }));
  assert.equal(result.error?.code, "BuilderFailed");
});

test("coordinate() ends in time when it is stopped", async () => {
  const stop = new AbortController();
  const { result } = await withSteps(() => stop.abort(), { signal: stop.signal });
  assert.equal(result.error?.code, "Stopped");
  const late = await withSteps(() => sleep(400), { signal: AbortSignal.timeout(200) });
  assert.equal(late.result.error?.code, "TimedOut");
});

test("coordinate() keeps the log beside the image, of a build that failed or was stopped, too", async () => {
  const kept = async (log: string | undefined): Promise<string> => {
    const found = await registry.manifest("demo/hello", log ?? "");
    assert.equal((await registry.manifest("demo/hello", "log-hello-b1"))?.digest, log);
    return gunzipSync(await registry.blob("demo/hello", found!.manifest.layers[0]!)).toString();
  };
  const failed = await withSteps((_begin, send) => send({ type: "log", line: "working" }));
  assert.match(await kept(failed.result.log), /^\d{4}-\S+Z --- stage source started\n/);
  assert.match(await kept(failed.result.log), /Z working\n[\s\S]*Z error: Cannot finish the build/);
  const stop = new AbortController();
  const stopped = await withSteps(() => stop.abort(), { signal: stop.signal });
  assert.match(await kept(stopped.result.log), /it was stopped/);
});

test("coordinate() lets the steps read the platform's images and the application's own, and write nothing", async () => {
  await withSteps(async ({ registryPort }) => {
    const ask = async (path: string, method = "GET"): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${registryPort}${path}`, { method });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await ask("/v2/jdos/base/manifests/12"), 200);
    assert.equal(await ask(`/v2/demo/hello/manifests/${digest}`), 200);
    assert.equal(await ask("/v2/demo/other/manifests/latest"), 403);
    assert.equal(await ask("/v2/jdos/none/manifests/latest"), 404);
    assert.equal(await ask("/v2/demo/hello/blobs/uploads/", "POST"), 405);
  });
});

test("coordinate() says that the source or the base is not in the registry", async () => {
  const missing = { bundle: { digest: `sha256:${"1".repeat(64)}` } };
  const exchange = await mkdtemp(join(directory, "exchange-"));
  const noBundle = await coordinate({
    ...MOUNTS,
    input: input({ source: missing }),
    exchange,
    say: () => {},
  });
  assert.equal(noBundle.error?.code, "SourceUnreachable");
  const noBase = await coordinate({
    ...MOUNTS,
    input: input({ baseImage: "registry.jdos.internal/jdos/none:1" }),
    exchange: await mkdtemp(join(directory, "exchange-")),
    say: () => {},
  });
  assert.equal(noBase.error?.code, "BaseImageMissing");
});

test("coordinate() hangs up on its steps when the source cannot be fetched, and turns away those who come later", async () => {
  const come = Promise.withResolvers<void>();
  const empty = createServer(
    (_request, response) => void come.promise.then(() => response.writeHead(404).end()),
  );
  empty.listen(0, "127.0.0.1");
  await once(empty, "listening");
  const url = `http://127.0.0.1:${(empty.address() as AddressInfo).port}`;
  const path = join(await mkdtemp(join(directory, "exchange-")), "build.sock");
  const options = { input: input({ registry: { url, host: "registry.jdos.internal" } }), say: () => {} };
  const result = coordinate({ ...MOUNTS, ...options, exchange: dirname(path) });
  const channel = await dial<FromSteps, ToSteps>({ path });
  come.resolve();
  const heard = [];
  for await (const message of channel.messages) heard.push(message);
  assert.deepEqual(heard, []);
  assert.ok((await result).error);
  await assert.rejects(dial({ path }), { code: "StepsLost", message: /was over/ });
  empty.close();
  empty.closeAllConnections();
});

test("Registry tries again when the registry is away for a moment, and says so when it stays away", async () => {
  let answers = 0;
  const flaky = createServer((_request, response) => response.writeHead(++answers < 3 ? 503 : 404).end());
  flaky.listen(0, "127.0.0.1");
  await once(flaky, "listening");
  const url = `http://127.0.0.1:${(flaky.address() as AddressInfo).port}`;
  assert.equal(await new Registry({ url, backOffMillis: 1 }).manifest("demo/hello", "latest"), undefined);
  assert.equal(answers, 3);
  flaky.close();
  flaky.closeAllConnections();
  await assert.rejects(
    new Registry({ url, backOffMillis: 1, patienceSeconds: 0 }).manifest("demo/hello", "latest"),
    {
      code: "RegistryUnreachable",
    },
  );
});
