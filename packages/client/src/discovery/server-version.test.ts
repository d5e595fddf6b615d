import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startTestServer } from "@jdos/apiserver/testing";
import type { Client } from "../client.ts";
import { GarbledError, UnsupportedError } from "../errors.ts";
import { isOlder, readServerVersion, requireServerVersion } from "./server-version.ts";

/** A server that says this at /version: no server of such a version can be had. */
function saying(body: object | string): Pick<Client, "raw"> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return {
    raw: async () => ({
      status: 200,
      headers: {},
      body: (async function* () {
        yield Buffer.from(text);
      })(),
    }),
  };
}

describe("readServerVersion", () => {
  it("reads what a server says of itself", async () => {
    const server = await startTestServer();
    const { major, minor, gitVersion } = await requireServerVersion(server.adminClient());
    assert.equal(major, 1);
    assert.match(gitVersion, new RegExp(`^v1\\.${minor}\\.`));
    await server.stop();
  });

  const vendors: [object, string][] = [
    [{ major: "1", minor: "20", gitVersion: "v1.20.2" }, "1.20 v1.20.2"],
    [{ major: "1", minor: "27+", gitVersion: "v1.27.3-gke.100" }, "1.27 v1.27.3-gke.100"],
    [{ major: "", minor: "", gitVersion: "v1.30.0+k3s1" }, "1.30 v1.30.0+k3s1"],
    [{ major: "1", minor: "29" }, "1.29 v1.29"],
  ];
  for (const [body, expected] of vendors) {
    it(`understands ${JSON.stringify(body)}`, async () => {
      const { major, minor, gitVersion } = await readServerVersion(saying(body));
      assert.equal(`${major}.${minor} ${gitVersion}`, expected);
    });
  }

  it("says so when what answers is no Kubernetes API", async () => {
    for (const body of [{}, { major: "x" }, "null"])
      await assert.rejects(readServerVersion(saying(body)), UnsupportedError);
    await assert.rejects(readServerVersion(saying("<html>")), (error) => {
      assert.ok(error instanceof GarbledError);
      assert.equal(error.message, 'Cannot read "/version" of the Kubernetes API: the answer is not JSON');
      return true;
    });
  });

  it("requireServerVersion() refuses what is older than 1.20 with what to do", async () => {
    const old = saying({ major: "1", minor: "19", gitVersion: "v1.19.16" });
    await assert.rejects(requireServerVersion(old), (error) => {
      assert.ok(error instanceof UnsupportedError);
      assert.equal(error.message, "Cannot use this cluster: it runs Kubernetes v1.19.16");
      assert.match(error.hint, /1\.20 or newer/);
      return true;
    });
    assert.ok(await requireServerVersion(saying({ major: "1", minor: "20", gitVersion: "v1.20.0" })));
  });

  it("isOlder() compares numbers, not text", () => {
    const at = (major: number, minor: number) => ({ major, minor });
    assert.ok(isOlder(at(1, 9), at(1, 20)));
    assert.ok(!isOlder(at(1, 20), at(1, 20)));
    assert.ok(!isOlder(at(2, 0), at(1, 20)));
  });
});
