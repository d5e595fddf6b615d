import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Namespaces } from "@jdos/api";
import { startTestServer } from "@jdos/apiserver/testing";
import { createHttpClient } from "../http/http-client.ts";
import { loadInClusterConfig } from "./in-cluster.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("loadKubeconfig", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jdos-kubeconfig-"));
  });
  after(() => rm(directory, { recursive: true }));

  async function write(name: string, text: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  }

  const config = (user: string) => `
apiVersion: v1
kind: Config
current-context: one
contexts:
  - {name: one, context: {cluster: c, user: u, namespace: demo}}
  - {name: two, context: {cluster: c, user: nobody}}
clusters:
  - {name: c, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: ${base64("CA")}}}
users:
  - {name: u, user: ${user}}
  - {name: nobody, user: {}}
`;

  it("loadKubeconfig() reads data, files beside it, and the context asked for", async () => {
    await write("key.pem", "KEY");
    const path = await write(
      "files",
      config(`{client-certificate-data: ${base64("CERT")}, client-key: key.pem}`),
    );
    const loaded = await loadKubeconfig({ path });
    const { server, ca, cert, key, namespace } = loaded;
    assert.deepEqual(
      { server, ca, cert, key, namespace },
      { server: "https://127.0.0.1:6443", ca: "CA", cert: "CERT", key: "KEY", namespace: "demo" },
    );
    assert.deepEqual([loaded.certFile, loaded.keyFile], [undefined, join(directory, "key.pem")]);
    const other = await loadKubeconfig({ path, context: "two" });
    assert.deepEqual([other.cert, other.namespace], [undefined, "default"]);
  });

  it("loadKubeconfig() names the context there is not, and what it does not serve", async () => {
    const path = await write("plain", config("{token: t}"));
    await assert.rejects(loadKubeconfig({ path, context: "three" }), {
      code: "Config",
      message: /no context "three"$/,
      hint: "Choose one of: one, two",
    });
    const exec = await write("exec", config("{exec: {command: login}}"));
    await assert.rejects(loadKubeconfig({ path: exec }), {
      code: "Config",
      message: /users\[\]\.user\.exec is not served$/,
    });
    await assert.rejects(loadKubeconfig({ path: join(directory, "missing") }), {
      code: "Config",
      message: /^Cannot read kubeconfig/,
    });
  });

  it("loadKubeconfig() of a real server's kubeconfig reaches it", async () => {
    const server = await startTestServer({ https: true });
    const client = createHttpClient(await loadKubeconfig({ path: server.adminKubeconfig }));
    assert.ok(await client.get(Namespaces, { name: "default" }));
    await client.close();
    await server.stop();
  });

  it("loadInClusterConfig() reads the mounted service account, and says when there is none", async () => {
    await Promise.all([write("ca.crt", "CA"), write("token", "TOKEN\n"), write("namespace", "demo\n")]);
    const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
    const { server, ca, token, tokenFile, namespace } = await loadInClusterConfig({ env, directory });
    assert.deepEqual([server, ca, namespace], ["https://[fd00::1]:443", "CA", "demo"]);
    assert.equal(tokenFile, join(directory, "token"));
    assert.equal(typeof token === "function" ? await token() : token, "TOKEN");
    await assert.rejects(loadInClusterConfig({ env: {}, directory }), { code: "Config" });
    await assert.rejects(loadInClusterConfig({ env, directory: join(directory, "none") }), {
      code: "Config",
      hint: /automountServiceAccountToken/,
    });
  });
});
