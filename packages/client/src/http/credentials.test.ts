import assert from "node:assert/strict";
import { mkdtemp, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigMaps, Namespaces } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import { createCertificateAuthority, issueCertificate } from "@jdos/component-base";
import { FakeClock } from "@jdos/component-base/testing";
import type { Client } from "../client.ts";
import { startTcpProxy, type TcpProxy } from "../testing/faults/tcp-proxy.ts";
import { Credentials } from "./credentials.ts";
import { createHttpClient, type HttpClientOptions } from "./http-client.ts";

const admins = { name: "admin", groups: ["system:masters"] };

describe("Credentials", () => {
  let directory: string;
  const path = (name: string): string => join(directory, name);
  const write = (name: string, text: string): Promise<void> => writeFile(path(name), text);
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jdos-credentials-"));
  });
  after(() => rm(directory, { recursive: true }));

  describe("from files", () => {
    it("token() is read again after a minute, and at once when asked, but not more than once a second", async () => {
      const clock = new FakeClock();
      await write("token", "one\n");
      const credentials = new Credentials({ tokenFile: path("token") }, clock);
      assert.equal(await credentials.token(), "one");
      await write("token", "two\n");
      clock.advance(59_999);
      assert.equal(await credentials.token(), "one");
      clock.advance(1);
      assert.equal(await credentials.token(), "two");
      await write("token", "three\n");
      assert.equal(await credentials.reread(), false, "just read");
      clock.advance(1000);
      assert.deepEqual([await credentials.reread(), await credentials.token()], [true, "three"]);
    });

    it("token() follows the link that the kubelet turns to renewed tokens", async () => {
      const clock = new FakeClock();
      await Promise.all([write("v1", "old"), write("v2", "new")]);
      await symlink("v1", path("linked"));
      const credentials = new Credentials({ tokenFile: path("linked") }, clock);
      assert.equal(await credentials.token(), "old");
      await unlink(path("linked"));
      clock.advance(60_000);
      assert.equal(await credentials.token(), "old", "a file that is away for a moment changes nothing");
      await symlink("v2", path("linked"));
      clock.advance(60_000);
      assert.equal(await credentials.token(), "new");
      await write("v2", "");
      clock.advance(60_000);
      assert.equal(await credentials.token(), "new", "a file that is being written changes nothing");
    });

    it("token() throws Config when there never was one", async () => {
      const credentials = new Credentials({ tokenFile: path("none") }, new FakeClock());
      await assert.rejects(credentials.token(), { code: "Config", message: /^Cannot read credentials/ });
    });

    it("tls() stays the same object until certificate and key have both changed", async () => {
      const clock = new FakeClock();
      const authority = await createCertificateAuthority();
      const [first, second] = await Promise.all(
        ["a", "b"].map((commonName) => issueCertificate(authority, { commonName, usages: ["client"] })),
      );
      await Promise.all([write("cert", first!.certPem), write("key", first!.keyPem)]);
      const credentials = new Credentials({ certFile: path("cert"), keyFile: path("key") }, clock);
      const tls = await credentials.tls();
      assert.equal(tls.cert, first!.certPem);
      await write("cert", second!.certPem);
      clock.advance(60_000);
      assert.equal(await credentials.tls(), tls, "the key is not that of the new certificate yet");
      await write("key", second!.keyPem);
      clock.advance(60_000);
      assert.deepEqual(await credentials.tls(), { cert: second!.certPem, key: second!.keyPem });
    });
  });

  describe("of a client", () => {
    let server: TestServer;
    const clients: Client[] = [];
    const proxies: TcpProxy[] = [];
    before(async () => {
      const staticTokens = new Map([
        ["t-one", admins],
        ["t-two", { ...admins, name: "second" }],
      ]);
      server = await startTestServer({ https: true, options: { staticTokens } });
    });
    afterEach(async () => {
      for (const client of clients.splice(0)) await client.close();
      for (const proxy of proxies.splice(0)) await proxy.stop();
    });
    after(() => server.stop());

    async function proxied(): Promise<TcpProxy> {
      const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(new URL(server.url).port) });
      proxies.push(proxy);
      return proxy;
    }

    function clientOf(options: Partial<HttpClientOptions>): Client {
      const client = createHttpClient({ server: server.url, ca: server.caPem, ...options });
      clients.push(client);
      return client;
    }

    it("that the server refuses are read again, and the call is made again once", async () => {
      await write("expiring", "t-expired");
      const client = clientOf({ tokenFile: path("expiring") });
      const get = (): Promise<unknown> => client.get(Namespaces, { name: "default" });
      await assert.rejects(get(), (error) => isStatus(error, "Unauthorized"));
      await sleep(1100);
      await write("expiring", "t-one");
      assert.ok(await get(), "long before the minute is over");
      await sleep(1100);
      await write("expiring", "t-gone");
      assert.ok(await get(), "what still works is kept");
    });

    it("that change open new connections, while a watch on the old one goes on", async () => {
      const proxy = await proxied();
      const [first, second] = await Promise.all(
        ["cert-one", "cert-two"].map((name) => server.certificateFor({ ...admins, name })),
      );
      const write2 = (pair: { certPem: string; keyPem: string }): Promise<unknown> =>
        Promise.all([write("c.pem", pair.certPem), write("k.pem", pair.keyPem)]);
      await write2(first!);
      const client = clientOf({
        server: `https://127.0.0.1:${proxy.port}`,
        certFile: path("c.pem"),
        keyFile: path("k.pem"),
        credentialSeconds: 0.2,
      });
      const name = async (): Promise<string> => (await whoAmI(client)).replace("system:", "");
      assert.equal(await name(), "cert-one");
      const watch = (await client.watch(ConfigMaps, { namespace: "default" }))[Symbol.asyncIterator]();
      const coming = watch.next();
      const before = proxy.connections;
      for (let call = 0; call < 10; call++) await name();
      // Beside the watch's own; and a call that comes just before the last one's connection is free gets another.
      assert.ok(
        proxy.connections <= before + 2,
        `connections are used again: ${proxy.connections}, ${before}`,
      );
      const known = proxy.connections;
      await write2(second!);
      await sleep(250);
      assert.equal(await name(), "cert-two");
      assert.ok(proxy.connections > known);
      await client.create(ConfigMaps, { metadata: { namespace: "default", name: "seen" } });
      assert.equal((await coming).value?.type, "ADDED");
      await watch.return?.();
    });

    it("and all that TLS protects cannot be changed on the way: not an answer, but an error", async () => {
      const proxy = await proxied();
      const client = clientOf({ server: `https://127.0.0.1:${proxy.port}`, token: "t-one" });
      const get = (): Promise<unknown> => client.get(Namespaces, { name: "default" });
      await get();
      proxy.meddle = (bytes) => {
        const changed = Buffer.from(bytes);
        changed[changed.length - 1]! ^= 0xff;
        return changed;
      };
      await assert.rejects(get(), { code: "Transport" });
      proxy.meddle = (bytes) => bytes;
      await get();
    });
  });
});

/** The user a client is to its server. */
async function whoAmI(client: Client): Promise<string> {
  const { body } = await client.raw({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
  });
  const text = Buffer.concat(await Array.fromAsync(body)).toString();
  return (JSON.parse(text) as { status: { userInfo: { username: string } } }).status.userInfo.username;
}
