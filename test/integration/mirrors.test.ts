import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Applications, Deployments, Events, Releases, releaseName, Secrets } from "@jdos/api";
import { basicAuthorization, credentialFor, dockerConfig, parseMirrors } from "@jdos/component-base";
import { ArtifactStore } from "@jdos/component-base/attestation";
import { BASIC_CREDENTIAL, startTestRegistry, type TestRegistry } from "@jdos/image-builder/testing";
import { startTestPlatform, type TestPlatform } from "@jdos/platform-controllers/testing";

let mirror: TestRegistry;
let host: string;
let platform: TestPlatform;
let directory: string;
let digest: string;
/** A registry at an address that a user may not reach. */
let inside: Server;
let askedInside = 0;

const MANIFEST = {
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.index.v1+json",
  manifests: [],
};

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-mirrors-"));
  mirror = await startTestRegistry({ basic: true });
  host = new URL(mirror.url).host;
  const authorization = basicAuthorization(BASIC_CREDENTIAL);
  const store = new ArtifactStore({ url: mirror.url, repository: "hub/library/node", authorization });
  digest = await store.putManifest("20", MANIFEST);
  const mirrorCredentialsFile = join(directory, "config.json");
  await writeFile(mirrorCredentialsFile, dockerConfig([host, "other.example"], BASIC_CREDENTIAL));
  inside = createServer((_, response) => {
    askedInside++;
    response.writeHead(401, { "www-authenticate": `Bearer realm="${mirror.url}/token"` }).end();
  });
  inside.listen(0, "127.0.0.1");
  await once(inside, "listening");
  platform = await startTestPlatform({
    registry: {
      host: "registry.jdos.internal",
      prefix: "",
      url: "http://registry.jdos-system.svc:5000",
      access: "issued",
      mirrors: parseMirrors({ "docker.io": `${mirror.url}/hub` }),
      mirrorCredentialsFile,
    },
  });
  await platform.createSystem("demo");
});

after(async () => {
  await platform.stop();
  await mirror.stop();
  inside.close();
  await rm(directory, { recursive: true, force: true });
});

async function deploy(name: string, reference: string): Promise<string> {
  await platform.createApplication(name, { source: { image: { reference } } });
  await platform.until(Applications, { namespace: "demo", name }, ({ spec }) => spec.release === 1);
  const release = await platform.client.get(Releases, { namespace: "demo", name: releaseName(name, 1) });
  return release.spec.image;
}

async function warningOf(name: string): Promise<string | undefined> {
  await platform.idle();
  const { items } = await platform.client.list(Events, { namespace: "demo" });
  return items.find(
    ({ reason, involvedObject }) => reason === "ImageNotPinned" && involvedObject.name === name,
  )?.message;
}

test("an image of a registry with a mirror is that of the mirror, by the digest its tag stands for", async () => {
  assert.equal(await deploy("node", "node:20"), `${host}/hub/library/node@${digest}`);
  assert.equal(await warningOf("node"), undefined);
  const key = { namespace: "demo", name: "node" };
  const deployment = await platform.until(Deployments, key, () => true);
  const { imagePullSecrets = [] } = deployment.spec?.template.spec ?? {};
  assert.deepEqual(imagePullSecrets, [{ name: "node-registry" }]);
  const { data = {} } = await platform.client.get(Secrets, { namespace: "demo", name: "node-registry" });
  const config = Buffer.from(data[".dockerconfigjson"] ?? "", "base64").toString("utf8");
  assert.deepEqual(credentialFor(host, config), BASIC_CREDENTIAL);
  assert.ok(credentialFor("registry.jdos.internal", config), "the application's own stays");
  assert.equal(credentialFor("other.example", config), undefined, "an account of no mirror is not handed on");
});

test("the digest is resolved once: what the tag means later changes no release", async () => {
  const reference = `docker.io/library/node@${digest}`;
  assert.equal(await deploy("exact", reference), `${host}/hub/library/node@${digest}`);
  const authorization = basicAuthorization(BASIC_CREDENTIAL);
  const store = new ArtifactStore({ url: mirror.url, repository: "hub/library/node", authorization });
  const later = await store.putManifest("20", { ...MANIFEST, annotations: { a: "b" } } as typeof MANIFEST);
  assert.notEqual(later, digest);
  const patch = { type: "merge", body: { spec: { run: { env: [{ name: "A", value: "1" }] } } } } as const;
  const key = { namespace: "demo", name: "node" };
  await platform.client.patch(Applications, key, patch);
  await platform.until(Applications, key, ({ spec }) => spec.release === 2);
  const { spec } = await platform.client.get(Releases, { ...key, name: releaseName("node", 2) });
  assert.equal(spec.image, `${host}/hub/library/node@${digest}`);
});

test("an image whose registry cannot be asked is deployed by its tag, and an Event names the setting", async () => {
  assert.equal(await deploy("absent", "docker.io/library/none:1"), `${host}/hub/library/none:1`);
  assert.match((await warningOf("absent")) ?? "", /does not have it; mirrors are set in registry\.mirrors/);
  const unreachable = "registry.invalid/a/b:1";
  assert.equal(await deploy("outside", unreachable), unreachable);
  assert.match(
    (await warningOf("outside")) ?? "",
    /registry\.invalid cannot be reached .*registry\.mirrors can/,
  );
});

test("a registry at an address that the user may not reach is not asked", async () => {
  const reference = `127.0.0.1:${(inside.address() as AddressInfo).port}/a/b:1`;
  assert.equal(await deploy("inside", reference), reference);
  assert.match((await warningOf("inside")) ?? "", /is private: only an administrator may allow it/);
  assert.equal(askedInside, 0);
});
