import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type Build, Builds } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { authorizeAt, tarArchive } from "@jdos/component-base";
import {
  ArtifactStore,
  attachmentTags,
  descriptorOf,
  newSigningKey,
  openStatement,
  type Provenance,
  readSigningKey,
  SBOM_MEDIA_TYPE,
} from "@jdos/component-base/attestation";
import { startTestRegistry, type TestRegistry } from "@jdos/image-builder/testing";
import { startTestPlatform, type TestPlatform } from "@jdos/platform-controllers/testing";
import { verifyImage } from "../../packages/platform-api/src/verify/verify-image.ts";

const HOST = "registry.jdos.internal";
const BASE = { image: `${HOST}/jdos/base:12`, digest: `sha256:${"b".repeat(64)}` };
const key = readSigningKey(newSigningKey());
const keyPem = newSigningKey();
const platformKey = readSigningKey(keyPem);
let server: TestRegistry;
let platform: TestPlatform;

before(async () => {
  // As the platform's own: an application's account reaches its repository alone.
  server = await startTestRegistry({
    grant: (username, repository, actions) =>
      username === "admin" || username === repository.replace("/", ".") ? actions : [],
  });
  platform = await startTestPlatform({
    registry: { host: HOST, prefix: "", url: server.url, access: "issued" },
    build: { concurrency: 1000 },
    attestation: { keyPem },
  });
  await platform.createSystem("demo");
});

after(async () => {
  await platform.stop();
  await server.stop();
});

async function storeOf(repository: string): Promise<ArtifactStore> {
  const credential = { username: "admin", password: "x" };
  const authorization = await authorizeAt(server.url, { scopes: { [repository]: "pull,push" }, credential });
  return new ArtifactStore({ url: server.url, repository, ...(authorization && { authorization }) });
}

/** An image with one file and what a builder says of it. */
async function pushImage(app: string, content: string) {
  const store = await storeOf(`demo/${app}`);
  const tar = tarArchive([{ path: "hello", content: Buffer.from(content) }]);
  const layer = gzipSync(tar);
  const diffId = `sha256:${createHash("sha256").update(tar).digest("hex")}`;
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: [diffId] },
    }),
  );
  const sbom = Buffer.from(
    JSON.stringify({ bomFormat: "CycloneDX", components: [{ type: "library", name: content }] }),
  );
  for (const blob of [layer, config, sbom]) await store.putBlob(blob);
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptorOf(config, "application/vnd.oci.image.config.v1+json"),
    layers: [descriptorOf(layer, "application/vnd.oci.image.layer.v1.tar+gzip")],
  };
  const digest = await store.putManifest("last-build", manifest);
  const result = {
    digest,
    image: `${HOST}/demo/${app}@${digest}`,
    stages: [],
    revision: `sha256:${"1".padStart(64, "0")}`,
    materials: [BASE],
    sbom: descriptorOf(sbom, SBOM_MEDIA_TYPE).digest,
  };
  return { store, digest, result };
}

const attested = ({ status }: Stored<Build>) => findCondition(status?.conditions, "Attested");
const untilAttested = (name: string) =>
  platform.until(Builds, { namespace: "demo", name }, (build) => attested(build)?.status === "True");

async function built(app: string, content: string) {
  await platform.createApplication(app, {});
  await platform.createBuild(app, 1);
  const image = await pushImage(app, content);
  await platform.endBuild(`${app}-b1`, image.result);
  return { ...image, build: await untilAttested(`${app}-b1`) };
}

const failures = (checks: { name: string; passed: boolean }[]) =>
  checks.filter(({ passed }) => !passed).map(({ name }) => name);

test("the image of a Build is signed, with provenance and list of packages, and stays what it is", async () => {
  const { store, digest, build, result } = await built("hello", "one");
  assert.equal((await store.manifest("last-build"))?.digest, digest);
  const tags = attachmentTags(digest);
  const index = JSON.parse((await store.manifest(tags.referrers))!.bytes.toString("utf8"));
  const types = index.manifests.map(({ artifactType }: { artifactType: string }) => artifactType);
  assert.deepEqual(types, [
    SBOM_MEDIA_TYPE,
    "application/vnd.dev.cosign.artifact.sig.v1+json",
    "application/vnd.in-toto+json",
  ]);
  for (const { digest: each } of index.manifests) {
    const { subject } = JSON.parse((await store.manifest(each))!.bytes.toString("utf8"));
    assert.equal(subject.digest, digest);
  }
  assert.equal(build.status?.signature, (await store.manifest(tags.signature))?.digest);
  const envelope = await store.blob(build.status?.provenance ?? "", 1_000_000);
  const statement = openStatement(envelope!, platformKey);
  assert.deepEqual(statement?.subject, [{ name: `${HOST}/demo/hello`, digest: { sha256: digest.slice(7) } }]);
  assert.ok(statement);
  const { buildDefinition, runDetails } = statement.predicate as Provenance;
  assert.deepEqual(buildDefinition.resolvedDependencies[1], {
    name: "image",
    uri: `oci://${BASE.image}`,
    digest: { sha256: "b".repeat(64) },
  });
  assert.equal(runDetails.metadata.invocationId, build.metadata.uid);
  const options = { store, key: platformKey, repository: `${HOST}/demo/hello`, digest };
  const of = { name: "hello-b1", uid: build.metadata.uid };
  const found = await verifyImage({ ...options, build: of });
  assert.deepEqual(failures(found.checks), []);
  assert.equal(found.packages, 1);
  assert.deepEqual(failures((await verifyImage({ ...options, key, build: of })).checks), [
    "signature",
    "provenance",
    "sbom",
  ]);
  const another = { name: "hello-b2", uid: "another" };
  assert.deepEqual(failures((await verifyImage({ ...options, build: another })).checks), [
    "provenance",
    "sbom",
  ]);
  assert.equal(result.sbom, build.status?.sbom);
});

test("a second Build of the same image keeps the signature and adds its own provenance", async () => {
  const { store, digest, build, result } = await built("again", "two");
  await platform.createBuild("again", 2);
  await platform.endBuild("again-b2", result);
  const second = await untilAttested("again-b2");
  assert.equal(second.status?.signature, build.status?.signature);
  assert.notEqual(second.status?.provenance, build.status?.provenance);
  const options = { store, key: platformKey, repository: `${HOST}/demo/again`, digest };
  for (const { metadata } of [build, second]) {
    const found = await verifyImage({ ...options, build: { name: metadata.name, uid: metadata.uid } });
    assert.deepEqual(failures(found.checks), []);
    assert.equal(found.provenance?.build, metadata.name);
  }
});

test("controllers that die before they write it down sign nothing twice", async () => {
  const { store, digest, build } = await built("killed", "three");
  const before = (await store.manifest(attachmentTags(digest).referrers))?.digest;
  // What a kill between registry and status leaves.
  const { provenance: _, signature: __, ...status } = build.status as NonNullable<Build["status"]>;
  const conditions = status.conditions?.filter(({ type }) => type !== "Attested") ?? [];
  await platform.client.update(Builds, { ...build, status: { ...status, conditions } } as Stored<Build>, {
    subresource: "status",
  });
  const again = await untilAttested("killed-b1");
  assert.equal(again.status?.provenance, build.status?.provenance);
  assert.equal(again.status?.signature, build.status?.signature);
  assert.equal((await store.manifest(attachmentTags(digest).referrers))?.digest, before);
});

test("verifyImage() finds what somebody put in the place of an attachment", async () => {
  const { store, digest, build } = await built("forged", "four");
  const options = { store, key: platformKey, repository: `${HOST}/demo/forged`, digest };
  const of = { name: "forged-b1", uid: build.metadata.uid };
  const tags = attachmentTags(digest);
  const signature = JSON.parse((await store.manifest(tags.signature))!.bytes.toString("utf8"));
  const layer = signature.layers[0];
  const annotations = { "dev.cosignproject.cosign/signature": key.sign(Buffer.from("x")).toString("base64") };
  await store.putManifest(tags.signature, { ...signature, layers: [{ ...layer, annotations }] });
  assert.deepEqual(failures((await verifyImage({ ...options, build: of })).checks), ["signature"]);
  // Another image's signature is right, and not of this one.
  const other = await built("donor", "five");
  const payload = JSON.parse(
    (await other.store.manifest(attachmentTags(other.digest).signature))!.bytes.toString("utf8"),
  );
  await store.putBlob((await other.store.blob(payload.layers[0].digest, 10_000))!);
  await store.putManifest(tags.signature, { ...signature, layers: payload.layers });
  assert.deepEqual(failures((await verifyImage({ ...options, build: of })).checks), ["signature"]);
  const statements = JSON.parse((await store.manifest(tags.attestations))!.bytes.toString("utf8"));
  await store.putManifest(tags.attestations, { ...statements, layers: [] });
  assert.deepEqual(failures((await verifyImage({ ...options, build: of })).checks), [
    "signature",
    "provenance",
    "sbom",
  ]);
});

test("a Build whose image the registry does not have is not attested, and says so", async () => {
  await platform.createApplication("missing", {});
  await platform.createBuild("missing", 1);
  const digest = `sha256:${"d".repeat(64)}`;
  await platform.endBuild("missing-b1", { digest, image: `${HOST}/demo/missing@${digest}`, stages: [] });
  const build = await platform.until(
    Builds,
    { namespace: "demo", name: "missing-b1" },
    (each) => attested(each) !== undefined,
  );
  assert.deepEqual([attested(build)?.status, attested(build)?.reason], ["False", "ImageMissing"]);
  assert.equal(build.status?.phase, "Succeeded");
});

// cosign verify does the same; the containers tools of Debian are made without it.
test("OpenSSL verifies the signature that cosign's tag holds by the public key alone", async () => {
  const { store, digest } = await built("pulled", "six");
  const { layers } = JSON.parse(
    (await store.manifest(attachmentTags(digest).signature))!.bytes.toString("utf8"),
  );
  const payload = (await store.blob(layers[0].digest, 10_000))!;
  assert.equal(JSON.parse(payload.toString("utf8")).critical.image["docker-manifest-digest"], digest);
  const signature = Buffer.from(layers[0].annotations["dev.cosignproject.cosign/signature"], "base64");
  const directory = await mkdtemp(join(tmpdir(), "jdos-signature-"));
  try {
    const file = (name: string): string => join(directory, name);
    await writeFile(file("payload"), payload);
    await writeFile(file("signature"), signature);
    const verify = async ({ publicKey }: { publicKey: string }) => {
      await writeFile(file("cosign.pub"), publicKey);
      const args = ["-verify", file("cosign.pub"), "-signature", file("signature"), file("payload")];
      return promisify(execFile)("openssl", ["dgst", "-sha256", ...args]);
    };
    assert.match((await verify(platformKey)).stdout, /Verified OK/);
    await assert.rejects(verify(key));
  } finally {
    await rm(directory, { recursive: true });
  }
});
