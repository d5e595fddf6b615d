import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { type ImageConfig, OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from "../registry/media-types.ts";
import { digestOf, Registry } from "../registry/registry.ts";
import { startTestRegistry, type TestRegistry } from "../testing/index.ts";
import { attachSbom, recallPackages } from "./attach-sbom.ts";
import { packageUrl } from "./bom.ts";
import { readerOf } from "./lists.ts";
import { flatten, scanLayer } from "./scan-layer.ts";
import { sourcePackages } from "./source-packages.ts";

const DPKG = `Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: tzdata
Status: install ok installed
Architecture: all
Version: 2025a-0+deb12u1
`;

async function layer(files: Record<string, string>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

const scan = async (files: Record<string, string>) =>
  scanLayer(Readable.from([await layer(files)]), { mediaType: OCI_LAYER_GZIP });

const LISTS: readonly (readonly [path: string, text: string, urls: string[]])[] = [
  [
    "var/lib/dpkg/status",
    DPKG,
    ["pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64", "pkg:deb/debian/tzdata@2025a-0%2Bdeb12u1?arch=all"],
  ],
  [
    "app/node_modules/.package-lock.json",
    JSON.stringify({
      packages: {
        "": { version: "9" },
        "node_modules/@a/b": { version: "1.0.0" },
        "node_modules/c/node_modules/d": { version: "2.0.0" },
        "node_modules/dev": { version: "3.0.0", dev: true },
        "packages/own": { version: "1.0.0" },
        "node_modules/own": { link: true },
      },
    }),
    ["pkg:npm/%40a/b@1.0.0", "pkg:npm/d@2.0.0"],
  ],
  ["app/package-lock.json", '{"dependencies":{"old":{"version":"1.2.3"}}}', ["pkg:npm/old@1.2.3"]],
  [
    "app/pnpm-lock.yaml",
    "packages:\n  /a@1.0.0:\n    dev: false\n  '@x/y@2.0.0(a@1.0.0)': {}\n  dev@1.0.0:\n    dev: true\n",
    ["pkg:npm/a@1.0.0", "pkg:npm/%40x/y@2.0.0"],
  ],
  [
    "app/yarn.lock",
    '# yarn lockfile v1\n\n"@x/y@^1.0.0", "@x/y@^1.1.0":\n  version "1.2.0"\n\na@^2:\n  version "2.0.1"\n',
    ["pkg:npm/%40x/y@1.2.0", "pkg:npm/a@2.0.1"],
  ],
  [
    "app/yarn.lock",
    '"a@npm:^2":\n  version: 2.0.1\n  resolution: "a@npm:2.0.1"\n\n"own@workspace:.":\n  version: 0.0.0-use.local\n',
    ["pkg:npm/a@2.0.1"],
  ],
  [
    "app/requirements.txt",
    "Flask_Login[x]==0.6.3 ; python_version > '3'\n# no==1\nrequests>=2\n",
    ["pkg:pypi/flask-login@0.6.3"],
  ],
  [
    "app/.venv/lib/flask-3.0.0.dist-info/METADATA",
    "Metadata-Version: 2.1\nName: Flask\nVersion: 3.0.0\n\nVersion: 9\n",
    ["pkg:pypi/flask@3.0.0"],
  ],
  [
    "source/go.mod",
    "module example.org/app\n\nrequire golang.org/x/net v0.1.0\nrequire (\n\tgithub.com/a/b v1.0.0 // indirect\n)\n",
    ["pkg:golang/golang.org/x/net@v0.1.0", "pkg:golang/github.com/a/b@v1.0.0"],
  ],
  [
    "app/composer.lock",
    '{"packages":[{"name":"a/b","version":"1.0"}],"packages-dev":[{"name":"c/d","version":"1"}]}',
    ["pkg:composer/a/b@1.0"],
  ],
  ["app/Gemfile.lock", "GEM\n  specs:\n    rack (3.0.8)\n      base64 (>= 0.1)\n", ["pkg:gem/rack@3.0.8"]],
];

for (const [path, text, urls] of LISTS)
  test(`readerOf("${path}") reads the packages of ${text.slice(0, 20).replaceAll("\n", " ")}`, async () => {
    assert.deepEqual(
      (await readerOf(path)?.(text))?.map((each) => packageUrl(each)),
      urls,
    );
  });

test("readerOf() leaves alone what Debian's own packages bring", () => {
  for (const path of [
    "usr/lib/node_modules/npm/package-lock.json",
    "usr/lib/python3/dist-packages/six.dist-info/METADATA",
    "app/server.js",
  ])
    assert.equal(readerOf(path), undefined);
});

test("flatten() lets upper layers replace and take away what lower ones list", async () => {
  const lock = (version: string) => `{"dependencies":{"a":{"version":"${version}"}}}`;
  const base = await scan({
    "./var/lib/dpkg/status": DPKG,
    "app/package-lock.json": lock("1.0.0"),
    "srv/yarn.lock": "b@1:\n  version 1.0.0\n",
  });
  const names = (layers: Parameters<typeof flatten>[0]) =>
    flatten(layers).map(({ name, version }) => `${name} ${version}`);
  assert.deepEqual(names([base]), ["libc6 2.36-9+deb12u10", "tzdata 2025a-0+deb12u1", "a 1.0.0", "b 1.0.0"]);
  const upper = await scan({ "app/.wh..wh..opq": "", "app/package-lock.json": lock("2.0.0"), ".wh.srv": "" });
  assert.deepEqual(names([base, upper]).slice(2), ["a 2.0.0"]);
});

test("scanLayer() fails with its content, in the middle of a file, too", async () => {
  const whole = gunzipSync(await layer({ "srv/large": "x".repeat(100_000) }));
  const broken = Readable.from(
    (async function* () {
      yield whole.subarray(0, 50_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new Error("hung up");
    })(),
  );
  await assert.rejects(scanLayer(broken, { mediaType: "application/vnd.oci.image.layer.v1.tar" }), /hung up/);
});

test("scanLayer() says what it cannot read, and ends in time", async () => {
  const broken = await scan({ "app/package-lock.json": "{", "app/composer.lock": '{"packages":[]}' });
  assert.deepEqual(broken.unread, ["app/package-lock.json"]);
  const endless = new Readable({ read() {} });
  const options = { mediaType: "application/vnd.oci.image.layer.v1.tar", signal: AbortSignal.timeout(50) };
  await assert.rejects(scanLayer(endless, options), { name: "AbortError" });
});

test("sourcePackages() reads the lists of a source, whatever its folders are called, and follows no link", async () => {
  const root = await mkdtemp(join(tmpdir(), "jdos-source-"));
  try {
    await mkdir(join(root, "usr/node_modules"), { recursive: true });
    await writeFile(join(root, "usr/go.mod"), "require golang.org/x/net v0.1.0\n");
    await writeFile(join(root, "usr/node_modules/go.mod"), "require golang.org/x/text v0.1.0\n");
    assert.deepEqual(await sourcePackages(root), [
      { type: "golang", name: "golang.org/x/net", version: "v0.1.0" },
    ]);
  } finally {
    await rm(root, { recursive: true });
  }
});

let server: TestRegistry;
before(async () => {
  server = await startTestRegistry();
});
after(() => server.stop());

async function pushImage(registry: Registry, repository: string, contents: Buffer[]): Promise<string> {
  const layers = [];
  for (const content of contents) {
    const bytes = Uint8Array.from(content);
    const descriptor = { mediaType: OCI_LAYER_GZIP, digest: digestOf(bytes), size: bytes.byteLength };
    await registry.pushBlob(repository, descriptor, bytes);
    layers.push(descriptor);
  }
  const image: ImageConfig = { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } };
  const bytes = Uint8Array.from(Buffer.from(JSON.stringify(image)));
  const config = { mediaType: OCI_CONFIG, digest: digestOf(bytes), size: bytes.byteLength };
  await registry.pushBlob(repository, config, bytes);
  return registry.pushManifest(repository, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
}

test("attachSbom() attaches CycloneDX to an image, the same for the same image, and reads a layer once", async () => {
  const registry = new Registry({ url: server.url });
  const contents = [
    await layer({ "var/lib/dpkg/status": DPKG, "usr/lib/os-release": 'ID=debian\nVERSION_ID="12"\n' }),
    await layer({ "app/package-lock.json": '{"dependencies":{"a":{"version":"1.0.0"}}}' }),
  ];
  const digest = await pushImage(registry, "demo/hello", contents);
  const source = [
    { type: "npm", name: "not-in-the-image", version: "1.0.0" },
    { type: "golang", name: "golang.org/x/net", version: "v0.1.0" },
  ] as const;
  const about = { registry, repository: "demo/hello", host: "registry.jdos.internal", digest, source };
  const first = await attachSbom({ ...about, known: {} });
  const known = await recallPackages(registry, "demo/hello");
  assert.equal(Object.keys(known).length, 2);
  const second = await attachSbom({ ...about, known });
  assert.deepEqual(second, first);
  const found = await registry.manifest("demo/hello", `${digest.replace(":", "-")}.sbom`);
  assert.equal(found?.manifest.subject?.digest, digest);
  assert.equal(found?.manifest.artifactType, "application/vnd.cyclonedx+json");
  const document = found?.manifest.layers[0];
  assert.equal(document?.digest, first.digest);
  const bom = JSON.parse((await registry.blob("demo/hello", document!)).toString("utf8"));
  assert.deepEqual(
    [bom.bomFormat, bom.specVersion, bom.metadata.component.version],
    ["CycloneDX", "1.6", digest],
  );
  assert.deepEqual(
    bom.components.map(({ purl, name }: { purl?: string; name: string }) => purl ?? name),
    [
      "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12",
      "pkg:deb/debian/tzdata@2025a-0%2Bdeb12u1?arch=all&distro=debian-12",
      "pkg:golang/golang.org/x/net@v0.1.0",
      "pkg:npm/a@1.0.0",
      "debian",
    ],
  );
});
