import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { instanceNames } from "@jdos/component-base";
import { ensurePki } from "./pki.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-pki-"));
});
afterEach(() => rm(directory, { recursive: true }));

const options = () => ({ directory, names: instanceNames(48), nodeName: "node-1" });

test("ensurePki() names every address of the API server in its certificate", async () => {
  const { apiserver, authority } = await ensurePki(options());
  const certificate = new X509Certificate(apiserver.certPem);
  for (const name of [
    "DNS:localhost",
    "DNS:kubernetes.default.svc",
    "IP Address:127.0.0.1",
    "IP Address:10.112.0.1",
  ]) {
    assert.ok(certificate.subjectAltName?.includes(name), `${name} is missing`);
  }
  assert.ok(certificate.verify(new X509Certificate(authority.certPem).publicKey));
});

test("ensurePki() keeps its keys, and issues a certificate again when it must say more", async () => {
  const first = await ensurePki(options());
  const second = await ensurePki(options());
  assert.deepEqual(second.authority, first.authority);
  assert.deepEqual(second.apiserver, first.apiserver);
  assert.equal(second.serviceAccountKeyPem, first.serviceAccountKeyPem);
  const third = await ensurePki({ ...options(), addresses: ["192.0.2.7"] });
  assert.notEqual(third.apiserver.certPem, first.apiserver.certPem);
  assert.deepEqual(third.authority, first.authority);
});

test("ensurePki() makes client certificates of a user and its groups, readable by root alone", async () => {
  const pki = await ensurePki(options());
  const { certPem } = await pki.clientCertificate("system:node:node-1", ["system:nodes"]);
  assert.match(new X509Certificate(certPem).subject, /O=system:nodes\nCN=system:node:node-1/);
  assert.equal((await stat(join(directory, "ca.key"))).mode & 0o777, 0o600);
});
