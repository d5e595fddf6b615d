import assert from "node:assert/strict";
import { request } from "node:https";
import { json } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import {
  type ApiError,
  EndpointSlices,
  Namespaces,
  type PlatformStatus,
  PROOF_HEADER,
  Services,
} from "@jdos/api";
import { ADMIN_TOKEN, startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";
import { servedPerson } from "./persons.ts";

const TOKENS = new Map([
  ["token-of-ada-lovelace", { name: "ada", groups: ["builders", "system:masters"] }],
  ["token-of-bob-the-guest", { name: "bob", groups: ["builders"] }],
]);
const PROXY = "/api/v1/namespaces/jdos-system/services/http:platform-api:80/proxy";

describe("login by the cluster's tokens", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform(
      { persons: { users: ["ada"], groups: [] } },
      { https: true, options: { staticTokens: TOKENS } },
    );
    await serveThroughProxy(platform);
  });
  after(() => platform.stop());

  const status = async (headers: Record<string, string>) => {
    const response = await fetch(`${platform.url}/api/v1/status`, { headers });
    return (await response.json()) as PlatformStatus & ApiError;
  };

  it("the API answers as the user whose token it is, without groups it may not speak for", async () => {
    const { code, message } = await status({ [PROOF_HEADER]: "Bearer token-of-ada-lovelace" });
    assert.equal(code, "Forbidden");
    assert.match(message, /User "ada" cannot list/);
  });

  it("the API refuses a user of the cluster whom it may not act for, and a token nobody knows", async () => {
    const other = await status({ authorization: "Bearer token-of-bob-the-guest" });
    assert.equal(other.code, "PersonNotServed");
    assert.match(other.hint ?? "", /login\.users/);
    assert.equal((await status({ [PROOF_HEADER]: "Bearer nobody" })).code, "Unauthorized");
  });

  it("the proof's own header goes before Authorization", async () => {
    const { person } = await status({
      authorization: "Bearer nobody",
      [PROOF_HEADER]: `Bearer ${ADMIN_TOKEN}`,
    });
    assert.equal(person, "admin");
  });

  it("the proof travels through the API server's services/proxy, which takes Authorization for itself", async () => {
    const proof = { [PROOF_HEADER]: `Bearer ${ADMIN_TOKEN}` };
    const { server } = platform;
    const cert = await server.certificateFor({ name: "carol", groups: ["system:masters"] });
    const byCertificate = await get(`${server.url}${PROXY}/api/v1/status`, {
      ca: server.caPem,
      cert: cert.certPem,
      key: cert.keyPem,
      headers: proof,
    });
    assert.equal((byCertificate as PlatformStatus).person, "admin");
    const byToken = await get(`${server.url}${PROXY}/api/v1/status`, {
      ca: server.caPem,
      headers: { ...proof, authorization: "Bearer token-of-ada-lovelace" },
    });
    assert.equal((byToken as PlatformStatus).person, "admin");
  });
});

describe("servedPerson()", () => {
  it("servedPerson() takes a person by a named group and keeps that group", () => {
    const person = { name: "bob", groups: ["builders", "system:masters", "system:authenticated"] };
    assert.deepEqual(servedPerson(person, { users: [], groups: ["builders"] }), {
      name: "bob",
      groups: ["builders", "system:authenticated"],
    });
    assert.throws(() => servedPerson(person, { users: [], groups: ["others"] }), { code: "PersonNotServed" });
    assert.deepEqual(servedPerson(person, { users: ["*"], groups: ["*"] }), person);
  });
});

function get(url: string, options: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false, ...options }, (response) =>
      json(response).then(resolve, reject),
    );
    call.on("error", reject).end();
  });
}

async function serveThroughProxy({ client, url }: TestPlatform): Promise<void> {
  const metadata = { name: "platform-api", namespace: "jdos-system" };
  await client.create(Namespaces, { metadata: { name: "jdos-system" } });
  await client.create(Services, { metadata, spec: { ports: [{ name: "http", port: 80 }] } });
  await client.create(EndpointSlices, {
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": "platform-api" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    ports: [{ name: "http", port: Number(new URL(url).port), protocol: "TCP" }],
  } as never);
}
