import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { includes } from "./apply.ts";
import { parseManifests, readManifests } from "./read-manifests.ts";

const VALUES = {
  gateway: "10.64.0.1",
  platformPort: 7080,
  platformTokenBase64: "dG9rZW4=",
  gitServerKeyBase64: "a2V5",
  signingPublicKeyBase64: "a2V5",
  kubernetesPort: 7443,
  routesPort: 8080,
  registryPort: 7500,
  kubernetesAddress: "10.128.0.1",
  dnsAddress: "10.128.0.10",
  registryAddress: "10.128.0.20",
  registryData: "/data/registry",
  metricsAddress: "10.128.0.21",
  metricsData: "/data/metrics",
  metricsTargets: "/run/metrics",
  metricsPasswordBase64: "cGFzc3dvcmQ=",
  kubeletsUnverified: "false",
  registrySecret: "secret",
  registryTokenCertificate: "    -----BEGIN CERTIFICATE-----",
  haproxyDirectory: "/run/haproxy",
  routesProbeAddress: "127.0.0.1",
  repository: "/opt/jdos",
  routesDomain: "jdos.localhost",
  gitData: "/data/git",
  gitServerCode: "0123456789abcdef",
};

test("readManifests() reads every file of manifests/ with its values filled in", async () => {
  const manifests = await readManifests(join(import.meta.dirname, "../../../../manifests"), VALUES);
  const named = manifests.map(
    ({ type, object }) => `${type.kind} ${object.metadata?.namespace ?? ""}/${object.metadata?.name}`,
  );
  for (const name of [
    "CustomResourceDefinition /systems.jdos.io",
    "Deployment jdos-system/registry",
    "Ingress jdos-system/git-server",
    "Service kube-system/kube-dns",
  ]) {
    assert.ok(named.includes(name), `${name} is missing from ${named.join(", ")}`);
  }
  assert.equal(new Set(named).size, named.length, "two manifests name one object");
});

test("parseManifests() fills in values and refuses names it does not know", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of manifests, not of JavaScript
  const text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n";
  const [manifest] = parseManifests(text, { file: "a.yaml", values: { name: "demo" } });
  assert.equal(manifest?.object.metadata?.name, "demo");
  assert.throws(() => parseManifests(text, { file: "a.yaml", values: {} }), {
    code: "ManifestInvalid",
    message: /no value "name"/,
  });
});

test("parseManifests() refuses a Kind that nobody knows", () => {
  const text = "apiVersion: example.org/v1\nkind: Thing\n";
  assert.throws(
    () => parseManifests(text, { file: "a.yaml", values: {} }),
    /kind "Thing" of "example.org\/v1" is not known/,
  );
});

test("includes() asks for the wanted fields only, and for whole lists", () => {
  assert.equal(includes({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }), true);
  assert.equal(includes({ a: 1 }, { b: 1 }), false);
  assert.equal(includes({ a: [{ x: 1, y: 2 }] }, { a: [{ x: 1 }] }), true);
  assert.equal(includes({ a: [1, 2] }, { a: [1] }), false);
  assert.equal(includes({ a: null }, { a: {} }), false);
});
