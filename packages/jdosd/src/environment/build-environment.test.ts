import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readBuildEnvironment } from "./build-environment.ts";

test("readBuildEnvironment() hands on authorities without comments, proxies and Debian's mirror", async () => {
  const directory = await mkdtemp(join(tmpdir(), "jdos-environment-"));
  try {
    const caBundle = join(directory, "bundle.pem");
    const certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    await writeFile(caBundle, `# an authority\n${certificate}\n`);
    const environment = await readBuildEnvironment({
      caBundle,
      proxy: { https_proxy: "http://proxy.example:3128" },
    });
    assert.equal(environment["ca.crt"], `${certificate}\n`);
    assert.equal(environment.environment, "https_proxy=http://proxy.example:3128\n");
    assert.match(environment["debian.sources"] ?? "", /^Types: deb$/m);
    assert.match(environment.npmrc ?? "", /^registry=http/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("readBuildEnvironment() leaves out what the host does not set", async () => {
  const environment = await readBuildEnvironment({ caBundle: undefined, proxy: {} });
  assert.equal(environment.environment, undefined);
});
