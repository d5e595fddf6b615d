import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { REGISTRY_READY, Secrets, Systems } from "@jdos/api";
import { basicAuthorization, credentialFor, dockerConfig } from "@jdos/component-base";
import { ArtifactStore } from "@jdos/component-base/attestation";
import { startTestHarbor, type TestHarbor } from "@jdos/component-base/testing";
import { startTestRegistry, type TestRegistry } from "@jdos/image-builder/testing";
import { startTestPlatform, type TestPlatform } from "@jdos/platform-controllers/testing";

let registry: TestRegistry;
let harbor: TestHarbor;
let platform: TestPlatform;
let directory: string;
let host: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-harbor-"));
  registry = await startTestRegistry();
  harbor = await startTestHarbor({ registryUrl: registry.url });
  host = new URL(harbor.url).host;
  const credentialsFile = join(directory, "config.json");
  await writeFile(credentialsFile, dockerConfig([host], { username: "jdos", password: "Jdos12345" }));
  platform = await startTestPlatform({
    registry: {
      host,
      prefix: "",
      url: harbor.url,
      access: "given",
      credentialsFile,
      harbor: { url: harbor.url, projectPrefix: "", robotDays: 30, quotas: false },
    },
  });
  for (const name of ["one", "two"]) {
    await platform.createSystem(name);
    await platform.until(
      Systems,
      { name },
      ({ status }) =>
        status?.conditions?.some(({ type, status: is }) => type === REGISTRY_READY && is === "True") === true,
    );
  }
});

after(async () => {
  await platform.stop();
  await harbor.stop();
  await registry.stop();
  await rm(directory, { recursive: true, force: true });
});

/** A repository as who has a System's Secret sees it. */
async function storeOf(repository: string, { system, kind }: { system: string; kind: "push" | "pull" }) {
  const key = { namespace: system, name: `jdos-${kind}-registry` };
  const { data = {} } = await platform.client.get(Secrets, key);
  const config = Buffer.from(data[".dockerconfigjson"] ?? "", "base64").toString("utf8");
  const credential = credentialFor(host, config);
  assert.ok(credential);
  const authorization = basicAuthorization(credential);
  return new ArtifactStore({ url: harbor.url, repository, authorization });
}

const INDEX = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [] };
const REFUSED = { code: "RegistryRefused", message: /answered 401/ };

test("builds of a System push with its account, by a user that is no administrator; Pods pull with theirs and push nothing", async () => {
  const digest = await (await storeOf("one/web", { system: "one", kind: "push" })).putManifest("1", INDEX);
  const pulled = await storeOf("one/web", { system: "one", kind: "pull" });
  assert.equal((await pulled.manifest("1"))?.digest, digest);
  await assert.rejects(pulled.putManifest("2", INDEX), REFUSED);
});

test("no System's account reaches another's project", async () => {
  for (const kind of ["push", "pull"] as const) {
    const other = await storeOf("one/web", { system: "two", kind });
    await assert.rejects(other.manifest("1"), REFUSED);
    await assert.rejects(other.putManifest("2", INDEX), REFUSED);
  }
  assert.deepEqual(harbor.misfits, []);
});
