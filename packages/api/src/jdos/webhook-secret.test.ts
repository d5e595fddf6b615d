import assert from "node:assert/strict";
import { test } from "node:test";
import { webhookSecret } from "./webhook-secret.ts";

test("webhookSecret() is the HMAC of uid and version, another for each of key, uid and version", () => {
  const secret = webhookSecret("key", { uid: "u" });
  // printf u/1 | openssl dgst -sha256 -hmac key
  assert.equal(secret, "70390171f4919c5a9ed58dc888be53b7a2070c535ed6808c6a790cda86a395f3");
  const others = [
    webhookSecret("other", { uid: "u" }),
    webhookSecret("key", { uid: "v" }),
    webhookSecret("key", { uid: "u", secretVersion: 2 }),
  ];
  assert.equal(new Set([secret, ...others]).size, 4);
  assert.equal(webhookSecret("key", { uid: "u", secretVersion: 1 }), secret);
});
