import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { get as httpsGet } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, EndpointSlices, Endpoints, Namespaces, Secrets, Services } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import {
  createCertificateAuthority,
  createLogger,
  issueCertificate,
  type KeyPair,
} from "@jdos/component-base";
import type { ApiServerOptions } from "./options.ts";
import { start } from "./start.ts";

const log = createLogger({ name: "test", level: "silent" });
const ADMIN = { name: "admin", groups: ["system:masters"] };
let directory: string;
let authority: KeyPair;
let tls: NonNullable<ApiServerOptions["tls"]>;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "jdos-start-"));
  authority = await createCertificateAuthority();
  tls = {
    ...(await issueCertificate(authority, {
      commonName: "server",
      ipAddresses: ["127.0.0.1", "127.0.0.2"],
      usages: ["server"],
    })),
    clientCaPem: authority.certPem,
  };
});
after(() => rmSync(directory, { recursive: true, force: true }));

const version = (url: string) =>
  new Promise<string>((resolve, reject) => {
    httpsGet(`${url}/version`, { ca: authority.certPem, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(JSON.parse(text).gitVersion));
    }).on("error", reject);
  });

describe("start()", () => {
  it("start() makes what every cluster has, once, and keeps what people made", async () => {
    const dataDir = join(directory, "kept");
    const first = await start({ dataDir, log, advertise: { host: "10.64.0.1", port: 7443 } });
    const client = first.clientFor(ADMIN);
    assert.deepEqual(
      (await client.list(Namespaces)).items.map(({ metadata }) => metadata.name),
      ["default", "kube-node-lease", "kube-public", "kube-system"],
    );
    const key = { namespace: "default", name: "kubernetes" };
    assert.equal((await client.get(Services, key)).spec?.clusterIP, "10.128.0.1");
    assert.equal((await client.get(Endpoints, key)).subsets?.[0]?.addresses?.[0]?.ip, "10.64.0.1");
    assert.deepEqual((await client.get(EndpointSlices, key)).endpoints[0]?.addresses, ["10.64.0.1"]);
    await client.create(ConfigMaps, { metadata: { namespace: "default", name: "mine" }, data: { a: "b" } });
    const revision = first.revision();
    await first.stop();
    const second = await start({ dataDir, log, advertise: { host: "10.64.0.1", port: 7443 } });
    assert.equal(second.revision(), revision, "a second start writes nothing");
    assert.equal(
      (await second.clientFor(ADMIN).get(ConfigMaps, { namespace: "default", name: "mine" })).data?.a,
      "b",
    );
    await second.stop();
  });

  it("start() moves Service kubernetes when the range is another one", async () => {
    const dataDir = join(directory, "moved");
    await (await start({ dataDir, log, serviceCidr: "10.1.0.0/16" })).stop();
    const server = await start({ dataDir, log, serviceCidr: "10.2.0.0/16" });
    const service = await server.clientFor(ADMIN).get(Services, { namespace: "default", name: "kubernetes" });
    assert.equal(service.spec?.clusterIP, "10.2.0.1");
    await server.stop();
  });

  it("listenOn() opens another door of a running server", async () => {
    const server = await start({ dataDir: ":memory:", log, tls, listen: [{ host: "127.0.0.1", port: 0 }] });
    assert.match(await version(server.url!), /^v1\.32/);
    assert.match(await version(await server.listenOn("127.0.0.2", 0)), /^v1\.32/);
    await server.stop();
    await assert.rejects(version(server.url!), /ECONNREFUSED/);
  });

  it("start() says which address is taken, and lets go of its file", async () => {
    const dataDir = join(directory, "taken");
    const other = createServer();
    const port = await new Promise<number>((resolve) =>
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port)),
    );
    await assert.rejects(start({ dataDir, log, tls, listen: [{ host: "127.0.0.1", port }] }), {
      code: "LISTEN_FAILED",
      message: new RegExp(`^Cannot listen on "127\\.0\\.0\\.1:${port}": .*EADDRINUSE`),
      hint: /no other process holds the port/,
    });
    other.close();
    await (await start({ dataDir, log })).stop();
  });

  it("clientFor() gives a user no more than its roles", async () => {
    const server = await start({ dataDir: ":memory:", log });
    await assert.rejects(server.clientFor({ name: "nobody" }).list(Secrets), (error) =>
      isStatus(error, "Forbidden"),
    );
    await server.stop();
    await assert.rejects(
      server.clientFor(ADMIN).create(Namespaces, { metadata: { name: "late" } }),
      (error) => isStatus(error, "ServiceUnavailable"),
    );
  });
});
