import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  attachmentTags,
  newSigningKey,
  openStatement,
  readSigningKey,
  readSigningPayload,
  readVerifyingKey,
  type Statement,
  sealStatement,
  signingPayload,
  subjectOfTag,
} from "./index.ts";

const DIGEST = `sha256:${"a1".repeat(32)}`;
const statement: Statement = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "registry.jdos.internal/demo/hello", digest: { sha256: "a1".repeat(32) } }],
  predicateType: "https://slsa.dev/provenance/v1",
  predicate: { buildDefinition: {} },
};

/** OpenSSL's opinion of a signature. */
function opensslVerifies(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  const directory = mkdtempSync(join(tmpdir(), "jdos-attestation-"));
  try {
    const file = (name: string, content: Uint8Array | string): string => {
      writeFileSync(join(directory, name), content);
      return join(directory, name);
    };
    const args = [
      "-verify",
      file("key.pem", publicKey),
      "-signature",
      file("sig", signature),
      file("bytes", bytes),
    ];
    return execFileSync("openssl", ["dgst", "-sha256", ...args], { encoding: "utf8" }).includes(
      "Verified OK",
    );
  } catch {
    return false;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("sign() makes what OpenSSL verifies, and nothing else of it", () => {
  const key = readSigningKey(newSigningKey());
  const payload = signingPayload({ repository: "registry.jdos.internal/demo/hello", digest: DIGEST });
  const signature = key.sign(payload);
  assert.equal(opensslVerifies(key.publicKey, payload, signature), true);
  assert.equal(opensslVerifies(key.publicKey, Buffer.from(`${payload} `), signature), false);
  assert.equal(readVerifyingKey(key.publicKey).verify(payload, signature), true);
  assert.equal(readVerifyingKey(key.publicKey).verify(payload, Buffer.from("no signature")), false);
});

test("sealStatement() signs the pre-authentication encoding of the payload", () => {
  const key = readSigningKey(newSigningKey());
  const { payload, payloadType, signatures } = sealStatement(statement, key);
  const body = Buffer.from(payload, "base64");
  const encoded = Buffer.concat([
    Buffer.from(`DSSEv1 28 application/vnd.in-toto+json ${body.length} `),
    body,
  ]);
  assert.equal(payloadType, "application/vnd.in-toto+json");
  assert.equal(opensslVerifies(key.publicKey, encoded, Buffer.from(signatures[0]!.sig, "base64")), true);
});

test("openStatement() takes what the key signed, and nothing that was changed or that another key signed", () => {
  const key = readSigningKey(newSigningKey());
  const envelope = sealStatement(statement, key);
  assert.deepEqual(openStatement(JSON.stringify(envelope), key), statement);
  assert.equal(openStatement(JSON.stringify(envelope), readSigningKey(newSigningKey())), undefined);
  const other = Buffer.from(JSON.stringify({ ...statement, predicate: { forged: true } })).toString("base64");
  assert.equal(openStatement(JSON.stringify({ ...envelope, payload: other }), key), undefined);
  assert.equal(openStatement(JSON.stringify({ ...envelope, signatures: [] }), key), undefined);
  assert.equal(openStatement(JSON.stringify({ ...envelope, signatures: [null] }), key), undefined);
  assert.equal(openStatement("no JSON", key), undefined);
  assert.equal(openStatement("null", key), undefined);
});

test("readSigningKey() refuses what is no P-256 key, and does not repeat it", () => {
  const rsa = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  assert.throws(() => readSigningKey(rsa), { code: "InvalidOption", message: /not on the curve P-256/ });
  assert.throws(
    () => readSigningKey("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"),
    (error: Error) => !error.message.includes("c2VjcmV0") && error.cause === undefined,
  );
});

test("readSigningPayload() reads what signingPayload() writes, and undefined of all else", () => {
  const image = { repository: "r.example.org/demo/hello", digest: DIGEST };
  assert.deepEqual(readSigningPayload(signingPayload(image)), image);
  for (const text of ["", "null", "{}", '{"critical":{"type":"cosign container image signature"}}'])
    assert.equal(readSigningPayload(Buffer.from(text)), undefined);
});

test("subjectOfTag() knows every tag of attachmentTags(), and no other", () => {
  for (const tag of Object.values(attachmentTags(DIGEST))) assert.equal(subjectOfTag(tag), DIGEST);
  for (const tag of ["last-build", "log-hello-b1", "sha256-abc", `${attachmentTags(DIGEST).signature}x`])
    assert.equal(subjectOfTag(tag), undefined);
});
