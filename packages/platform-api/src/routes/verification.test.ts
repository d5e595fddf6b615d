import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Applications, Namespaces, Releases, releaseName, Systems } from "@jdos/api";
import { newSigningKey, readSigningKey } from "@jdos/component-base/attestation";
import { startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";

const { id, publicKey } = readSigningKey(newSigningKey());
const PATH = "/api/v1/systems/demo/apps/hello/verification";
let platform: TestPlatform;

before(async () => {
  platform = await startTestPlatform({ signingPublicKey: publicKey });
  const { client } = platform;
  await client.create(Systems, { metadata: { name: "demo" }, spec: {} });
  await client.create(Namespaces, { metadata: { name: "demo" } });
  await client.create(Applications, { metadata: { name: "hello", namespace: "demo" }, spec: {} });
  const digest = `sha256:${"a".repeat(64)}`;
  const images = [`docker.io/library/nginx@${digest}`, `registry.jdos.internal/other/secret@${digest}`];
  for (const [at, image] of images.entries())
    await client.create(Releases, {
      metadata: { name: releaseName("hello", at + 1), namespace: "demo" },
      spec: { application: "hello", number: at + 1, image, run: {}, hash: "0".repeat(64) },
    });
});
after(() => platform.stop());

test("the signing key is told to who is logged in", async () => {
  assert.deepEqual(await platform.call("GET", "/api/v1/signing-key"), {
    status: 200,
    body: { id, publicKey },
  });
  const stranger = await platform.call("GET", "/api/v1/signing-key", undefined, {
    authorization: "Bearer no",
  });
  assert.equal(stranger.status, 401);
});

for (const [what, query, status, code] of [
  ["without a release", "", 404, "NotFound"],
  ["of a release that is not there", "?release=7", 404, "NotFound"],
  ["of an image from elsewhere", "?release=1", 409, "Conflict"],
  ["of an image of an application that the person does not see", "?release=2", 404, "NotFound"],
  ["of no number", "?release=x", 422, "Invalid"],
] as const)
  test(`a verification ${what} is refused with ${code} and a hint`, async () => {
    const answer = await platform.call("GET", `${PATH}${query}`);
    const body = answer.body as { code: string };
    assert.deepEqual([answer.status, body.code], [status, code], JSON.stringify(body));
  });
