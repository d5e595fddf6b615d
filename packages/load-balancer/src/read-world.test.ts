import assert from "node:assert/strict";
import { test } from "node:test";
import { type EndpointSlice, EndpointSlices, Namespaces } from "@jdos/api";
import { startTestServer } from "@jdos/apiserver/testing";
import { createInformerFactory } from "@jdos/client";
import { createLogger } from "@jdos/component-base";
import { indexWorld, readWorld } from "./read-world.ts";

const slice = (address: string): EndpointSlice => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "web-1", namespace: "demo", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  endpoints: [{ addresses: [address] }],
  ports: [],
});

test("readWorld() answers the same throughout a round, though the endpoints change meanwhile", async () => {
  const server = await startTestServer();
  const client = server.adminClient();
  const informers = createInformerFactory(client, { log: createLogger({ name: "test", level: "silent" }) });
  indexWorld(informers);
  const addresses = (world: ReturnType<typeof readWorld>) =>
    world
      .slices("demo", "web")
      .flatMap(({ endpoints }) => endpoints?.map((endpoint) => endpoint.addresses[0]));
  const options = { loadBalancerServices: true, ingressClass: "jdos", reservedPorts: new Set<number>() };
  try {
    await client.create(Namespaces, { metadata: { name: "demo" } });
    await client.create(EndpointSlices, slice("10.0.0.1"));
    informers.start();
    await informers.waitForSync();
    const round = readWorld(informers, options);
    assert.deepEqual(addresses(round), ["10.0.0.1"]);
    const seen = new Promise<void>((resolve) => {
      informers.for(EndpointSlices).addHandlers({ updated: () => resolve() });
    });
    await client.update(EndpointSlices, slice("10.0.0.2"));
    await seen;
    assert.deepEqual(addresses(round), ["10.0.0.1"], "what the round began with");
    assert.deepEqual(addresses(readWorld(informers, options)), ["10.0.0.2"], "the next round");
  } finally {
    await informers.stop();
    await server.stop();
  }
});
