import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ConfigMap, ConfigMaps, Namespaces } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client, Stored } from "../client.ts";
import { createHttpClient } from "../http/http-client.ts";
import { startFaultyProxy } from "../testing/faults/faulty-proxy.ts";
import { followObjects } from "./follow-objects.ts";

const namespace = "followed";
const named = (name: string) => ({ metadata: { namespace, name } });

describe("followObjects", () => {
  let server: TestServer;
  let admin: Client;
  before(async () => {
    server = await startTestServer({ https: true });
    admin = server.adminClient();
    await admin.create(Namespaces, { metadata: { name: namespace } });
  });
  after(() => server.stop());

  it("gives the state now and after each change, through an outage, until the signal fires", async () => {
    const { certPem, keyPem } = await server.certificateFor({ name: "admin", groups: ["system:masters"] });
    const target = { server: server.url, ca: server.caPem, cert: certPem, key: keyPem };
    const proxy = await startFaultyProxy(target);
    const client = createHttpClient({ server: proxy.url });
    const ending = new AbortController();
    const states = followObjects(client, ConfigMaps, { namespace, signal: ending.signal });
    const names = async (): Promise<string[]> =>
      ((await states.next()).value as readonly Stored<ConfigMap>[])
        .map(({ metadata }) => metadata.name)
        .sort();
    assert.deepEqual(await names(), []);
    await admin.create(ConfigMaps, named("a"));
    assert.deepEqual(await names(), ["a"]);
    await proxy.goDown();
    await admin.create(ConfigMaps, named("b"));
    await admin.delete(ConfigMaps, { namespace, name: "a" });
    await proxy.comeUp();
    let last: string[] = [];
    while (last.join() !== "b") last = await names();
    ending.abort();
    assert.equal((await states.next()).done, true);
    await client.close();
    await proxy.stop();
  });

  it("throws what the server refuses for good", async () => {
    const nobody = admin.impersonate({ name: "nobody" });
    const states = followObjects(nobody, ConfigMaps, { namespace, signal: new AbortController().signal });
    await assert.rejects(states.next(), (error) => isStatus(error, "Forbidden"));
  });

  it("leaves nothing behind when its reader leaves", async () => {
    const states = followObjects(admin, ConfigMaps, { namespace, signal: new AbortController().signal });
    await states.next();
    await states.return(undefined);
  });
});
