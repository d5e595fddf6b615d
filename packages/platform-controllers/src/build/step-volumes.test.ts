import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { Builds, buildName, Jobs, Namespaces, Systems } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import { startTestPlatform, type TestPlatform } from "../testing/index.ts";

let platform: TestPlatform;
let cacheHostPath: string;

before(async () => {
  cacheHostPath = await mkdtemp(join(tmpdir(), "jdos-cache-"));
  platform = await startTestPlatform({ build: { cacheHostPath } });
});

after(async () => {
  await platform.stop();
  await rm(cacheHostPath, { recursive: true });
});

async function begin(system: string, secretName: string): Promise<string> {
  await platform.createSystem(system);
  await platform.createApplication("app", {}, system);
  const name = buildName("app", 1);
  await platform.client.create(Builds, {
    metadata: { name, namespace: system },
    spec: {
      application: "app",
      number: 1,
      source: { bundle: { digest: `sha256:${"1".repeat(64)}` } },
      build: { secrets: [{ name: "token", secret: { name: secretName, key: "value-of-it" } }] },
    },
  });
  return name;
}

test("a build's steps alone have its secrets and what its system keeps, which goes with the system", async () => {
  const name = await begin("keeps", "mine");
  const job = await platform.until(Jobs, { namespace: "keeps", name }, () => true);
  const { metadata } = await platform.client.get(Systems, { name: "keeps" });
  const { containers, volumes = [] } = job.spec!.template.spec!;
  const path = join(cacheHostPath, `keeps.${metadata.uid}`);
  const of = (volume: string) => volumes.find((each) => each.name === volume);
  assert.deepEqual(of("cache")?.hostPath, { path, type: "DirectoryOrCreate" });
  assert.deepEqual(of("secret-0")?.secret?.items, [{ key: "value-of-it", path: "value" }]);
  const mounts = (container: string) =>
    containers
      .find((each) => each.name === container)
      ?.volumeMounts?.map(({ mountPath }) => mountPath)
      .filter((each) => /cache|secrets/.test(each));
  assert.deepEqual(mounts("steps"), ["/etc/jdos/secrets/token", "/cache"]);
  assert.deepEqual(mounts("build"), []);

  await mkdir(join(path, "overlay"), { recursive: true });
  await platform.client.delete(Systems, { name: "keeps" });
  const namespace = await platform.until(
    Namespaces,
    { name: "keeps" },
    (each) => each.metadata.deletionTimestamp !== undefined,
  );
  // As the Namespace controller does when nothing is left in it.
  await platform.client.raw({
    method: "PUT",
    path: "/api/v1/namespaces/keeps/finalize",
    body: { ...namespace, spec: { finalizers: [] } },
  });
  await platform.untilGone(Systems, { name: "keeps" });
  assert.ok(!existsSync(path));
});

test("a build that names a registry credential as its secret is refused", async () => {
  const name = await begin("refused", "app-registry");
  const build = await platform.until(
    Builds,
    { namespace: "refused", name },
    ({ status }) => status?.phase === "Failed",
  );
  assert.equal(findCondition(build.status?.conditions, "Succeeded")?.reason, "SecretRefused");
});

test("a private repository's credential is the coordinator's alone, and never a registry's", async () => {
  await platform.createSystem("private");
  await platform.createApplication("app", {}, "private");
  const create = async (number: number, secret: string): Promise<string> => {
    const name = buildName("app", number);
    const source = { git: { url: "https://git.example.org/app.git", secret } };
    const spec = { application: "app", number, source };
    await platform.client.create(Builds, { metadata: { name, namespace: "private" }, spec });
    return name;
  };
  const name = await create(1, "deploy-key");
  const job = await platform.until(Jobs, { namespace: "private", name }, () => true);
  const { containers, volumes = [] } = job.spec!.template.spec!;
  const volume = volumes.find(({ secret }) => secret?.secretName === "deploy-key");
  assert.equal(volume?.secret?.defaultMode, 0o400);
  const holders = containers.filter(({ volumeMounts }) =>
    volumeMounts?.some((mount) => mount.name === volume?.name),
  );
  assert.deepEqual(
    holders.map((each) => [each.name, each.volumeMounts?.find((mount) => mount.name === "git")?.readOnly]),
    [["build", true]],
  );
  const refused = await platform.until(
    Builds,
    { namespace: "private", name: await create(2, "app-registry") },
    ({ status }) => status?.phase === "Failed",
  );
  assert.equal(findCondition(refused.status?.conditions, "Succeeded")?.reason, "SecretRefused");
});
