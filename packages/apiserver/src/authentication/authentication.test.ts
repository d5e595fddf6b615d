import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, it } from "node:test";
import { StatusError } from "@jdos/apimachinery";
import { impersonationOf } from "./impersonation.ts";
import { ISSUER, type TokenClaims, TokenSigner } from "./service-account-token.ts";

const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }) as string;
const rsa = pem(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
const ec = pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
const claims: TokenClaims = {
  aud: [ISSUER],
  exp: 2_000_000_000,
  iat: 1,
  nbf: 1,
  iss: ISSUER,
  jti: "1",
  sub: "system:serviceaccount:ns:sa",
  "kubernetes.io": { namespace: "ns", serviceaccount: { name: "sa", uid: "u" } },
};

describe("TokenSigner", () => {
  for (const [name, key] of [
    ["RSA", rsa],
    ["EC", ec],
  ] as const) {
    it(`read() knows what an ${name} key signed, and nothing that was changed`, () => {
      const signer = new TokenSigner(key);
      const token = signer.sign(claims);
      assert.deepEqual(signer.read(token), claims);
      const [head, , signature] = token.split(".");
      const forged = Buffer.from(JSON.stringify({ ...claims, sub: "system:admin" })).toString("base64url");
      assert.equal(signer.read(`${head}.${forged}.${signature}`), undefined);
      assert.equal(signer.read(token.slice(0, -4)), undefined);
    });
  }

  it("read() takes no other algorithm and no other key", () => {
    const none = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
    const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
    const signer = new TokenSigner(ec);
    assert.equal(signer.read(`${none}.${body}.`), undefined);
    assert.equal(signer.read(new TokenSigner(rsa).sign(claims)), undefined);
    for (const nonsense of ["", "a.b", "a.b.c", "....."]) assert.equal(signer.read(nonsense), undefined);
  });
});

describe("impersonationOf()", () => {
  const of = (headers: Record<string, string[]>) =>
    impersonationOf((name) => headers[name] ?? [], Object.keys(headers));

  it("impersonationOf() reads user, groups and extras", () => {
    assert.deepEqual(
      of({
        "impersonate-user": ["jane"],
        "impersonate-group": ["a", "b"],
        "impersonate-extra-example.com%2fkey": ["v"],
      }),
      { name: "jane", groups: ["a", "b"], extra: { "example.com/key": ["v"] } },
    );
    assert.equal(of({ "impersonate-group": ["a"] }), undefined);
  });

  it("impersonationOf() refuses a key that cannot be read", () => {
    assert.throws(
      () => of({ "impersonate-user": ["jane"], "impersonate-extra-%zz": ["v"] }),
      (error) => error instanceof StatusError && error.code === 400,
    );
  });
});
