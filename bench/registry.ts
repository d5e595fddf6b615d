/**
 * Push and pull of blobs and manifests: the platform's registry, with tokens and its published port, beside
 * docker-registry alone with the same storage. The same client speaks to both, in turns.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineCpuSeconds, percentile } from "./support/measure.ts";
import { BenchPlatform } from "./support/platform.ts";
import { background, requirePackages, until } from "./support/programs.ts";
import { figure, printTable, say } from "./support/table.ts";

const ROUNDS = 5;
const LARGE_BYTES = 32 * 1024 * 1024;
const LARGE_BLOBS = 4;
const SMALL_BLOBS = 100;
const PEER_PORT = 18_082;
const REPOSITORY = "bench/blobs";
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

interface Side {
  name: string;
  url: string;
  /** Asked for before each round, as a client does: tokens end. */
  authorize(): Promise<Record<string, string>>;
}

type Measure = "push MiB/s" | "pull MiB/s" | "1 KiB blobs/s" | "manifests put/s" | "manifests get/s";
const MEASURES: readonly Measure[] = [
  "push MiB/s",
  "pull MiB/s",
  "1 KiB blobs/s",
  "manifests put/s",
  "manifests get/s",
];

const digestOf = (content: Uint8Array): string =>
  `sha256:${createHash("sha256").update(content).digest("hex")}`;

/** One request that must answer as the OCI distribution specification says. */
async function ask(url: string, init: RequestInit, expected: number): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status === expected) return response;
  throw new Error(`Cannot ${init.method ?? "GET"} "${url}": ${response.status} ${await response.text()}`);
}

/** The two requests of a monolithic upload. */
async function pushBlob(side: Side, headers: Record<string, string>, blob: Uint8Array): Promise<void> {
  const begun = await ask(`${side.url}/v2/${REPOSITORY}/blobs/uploads/`, { method: "POST", headers }, 202);
  const target = new URL(begun.headers.get("location")!, side.url);
  target.searchParams.set("digest", digestOf(blob));
  await ask(
    `${side.url}${target.pathname}${target.search}`,
    { method: "PUT", headers: { ...headers, "content-type": "application/octet-stream" }, body: blob },
    201,
  );
}

async function pullBlob(side: Side, headers: Record<string, string>, digest: string): Promise<void> {
  const response = await ask(`${side.url}/v2/${REPOSITORY}/blobs/${digest}`, { headers }, 200);
  let bytes = 0;
  for await (const chunk of response.body!) bytes += chunk.length;
  if (bytes !== LARGE_BYTES) throw new Error(`Cannot pull "${digest}": ${bytes} bytes came`);
}

async function rate(units: number, action: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await action();
  return units / ((performance.now() - started) / 1000);
}

/** Everything once, one request after another; each round has content that the registry has never seen. */
async function round(side: Side): Promise<Record<Measure, number>> {
  const headers = await side.authorize();
  const [large, small] = [blobs(LARGE_BLOBS, LARGE_BYTES), blobs(SMALL_BLOBS, 1024)];
  const mebibytes = (LARGE_BLOBS * LARGE_BYTES) / 1024 / 1024;
  const push = (contents: readonly Uint8Array[]) => async (): Promise<void> => {
    for (const blob of contents) await pushBlob(side, headers, blob);
  };
  const pushed = await rate(mebibytes, push(large));
  const pulled = await rate(mebibytes, async () => {
    for (const blob of large) await pullBlob(side, headers, digestOf(blob));
  });
  const smallPushed = await rate(SMALL_BLOBS, push(small));
  const manifests = small.map((blob) => manifestOf(blob));
  const put = await rate(SMALL_BLOBS, async () => {
    for (const manifest of manifests) await manifestRequest(side, headers, manifest, "PUT");
  });
  const got = await rate(SMALL_BLOBS, async () => {
    for (const manifest of manifests) await manifestRequest(side, headers, manifest, "GET");
  });
  return {
    "push MiB/s": pushed,
    "pull MiB/s": pulled,
    "1 KiB blobs/s": smallPushed,
    "manifests put/s": put,
    "manifests get/s": got,
  };
}

const blobs = (count: number, size: number): Buffer[] =>
  Array.from({ length: count }, () => randomBytes(size));

/** An image without layers whose configuration is the blob. */
function manifestOf(config: Uint8Array): Buffer {
  const descriptor = {
    mediaType: "application/octet-stream",
    digest: digestOf(config),
    size: config.length,
  };
  return Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config: descriptor, layers: [] }),
  );
}

async function manifestRequest(
  side: Side,
  headers: Record<string, string>,
  manifest: Buffer,
  method: "PUT" | "GET",
): Promise<void> {
  const url = `${side.url}/v2/${REPOSITORY}/manifests/${digestOf(manifest)}`;
  if (method === "GET") {
    const response = await ask(url, { headers: { ...headers, accept: MANIFEST_TYPE } }, 200);
    await response.arrayBuffer();
    return;
  }
  const response = await ask(
    url,
    { method, headers: { ...headers, "content-type": MANIFEST_TYPE }, body: new Uint8Array(manifest) },
    201,
  );
  await response.arrayBuffer();
}

/** Debian's program with the storage that the platform's has, and nothing before it. */
async function startPeer(directory: string): Promise<{ side: Side; stop(): Promise<void> }> {
  const [storage, configuration] = [join(directory, "storage"), join(directory, "config.yml")];
  await mkdir(storage);
  await writeFile(
    configuration,
    [
      "version: 0.1",
      "log: { level: warn, accesslog: { disabled: true } }",
      `storage: { filesystem: { rootdirectory: ${storage} }, delete: { enabled: true } }`,
      `http: { addr: "127.0.0.1:${PEER_PORT}", secret: bench }`,
    ].join("\n"),
  );
  const child = background("docker-registry", ["serve", configuration]);
  const url = `http://127.0.0.1:${PEER_PORT}`;
  await until(async () => (await fetch(`${url}/v2/`)).status === 200);
  return {
    side: { name: "docker-registry alone", url, authorize: async () => ({}) },
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill();
      }),
  };
}

/** The platform's registry at its published port, by a token of the platform API. */
async function ourSide(platform: BenchPlatform): Promise<Side> {
  const { ports } = await platform.names();
  const secret = (await readFile(join(platform.dataDir, "credentials/platform-token"), "utf8")).trim();
  const query = new URLSearchParams({
    service: "registry.jdos.internal",
    scope: `repository:${REPOSITORY}:pull,push`,
  });
  return {
    name: "the platform's registry",
    url: `http://127.0.0.1:${ports.registry}`,
    async authorize() {
      const basic = Buffer.from(`admin:${secret}`).toString("base64");
      const response = await ask(
        `http://127.0.0.1:${ports.platform}/registry/token?${query}`,
        { headers: { authorization: `Basic ${basic}` } },
        200,
      );
      return { authorization: `Bearer ${((await response.json()) as { token: string }).token}` };
    },
  };
}

await requirePackages({ "docker-registry": "/usr/bin/docker-registry" });
const platform = await BenchPlatform.create();
const directory = await mkdtemp(join(tmpdir(), "jdos-bench-registry-"));
let peer: { side: Side; stop(): Promise<void> } | undefined;
try {
  say("Starting the platform ...");
  await platform.up();
  peer = await startPeer(directory);
  const sides = [await ourSide(platform), peer.side];
  const results = sides.map(() => ({ rounds: [] as Record<Measure, number>[], cpuSeconds: 0 }));
  for (let n = 0; n < ROUNDS; n++) {
    say(`Round ${n + 1} of ${ROUNDS}`);
    for (const [index, side] of sides.entries()) {
      const cpu = machineCpuSeconds();
      results[index]!.rounds.push(await round(side));
      results[index]!.cpuSeconds += machineCpuSeconds() - cpu;
    }
  }
  const median = (index: number, measure: Measure): number =>
    percentile(
      results[index]!.rounds.map((values) => values[measure]),
      50,
    );
  printTable(
    `registry: medians of ${ROUNDS} rounds, one connection`,
    ["", ...MEASURES, "CPU s"],
    [
      ...sides.map(({ name }, index) => [
        name,
        ...MEASURES.map((measure) => median(index, measure)),
        results[index]!.cpuSeconds,
      ]),
      [
        "ratio",
        ...MEASURES.map((measure) => figure(median(0, measure) / median(1, measure))),
        figure(results[0]!.cpuSeconds / results[1]!.cpuSeconds),
      ],
    ],
  );
} finally {
  await peer?.stop();
  await platform.purge();
  await rm(directory, { recursive: true, force: true });
}
