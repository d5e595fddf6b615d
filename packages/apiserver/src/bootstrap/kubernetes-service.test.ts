import assert from "node:assert/strict";
import { test } from "node:test";
import { EndpointSlices, Services } from "@jdos/api";
import { createLogger } from "@jdos/component-base";
import { DEFAULT_SERVICE_CIDR } from "../options.ts";
import { startTestServer } from "../testing/index.ts";
import { keepKubernetesService } from "./kubernetes-service.ts";

test("keepKubernetesService() makes the Service and its slice again after they are deleted", async (t) => {
  const server = await startTestServer();
  t.after(() => server.stop());
  const client = server.adminClient();
  const stop = keepKubernetesService(client, {
    log: createLogger({ name: "test", level: "error" }),
    serviceCidr: DEFAULT_SERVICE_CIDR,
    advertise: { host: "192.0.2.1", port: 6443 },
    everyMillis: 20,
  });
  t.after(stop);
  const signal = AbortSignal.timeout(60_000);
  await client.deleteCollection(Services, { namespace: "default" });
  await client.deleteCollection(EndpointSlices, { namespace: "default" });
  const selection = { namespace: "default", fieldSelector: "metadata.name=kubernetes", signal };
  for await (const event of await client.watch(Services, selection)) {
    if (event.type === "ADDED") break;
  }
  for await (const event of await client.watch(EndpointSlices, selection)) {
    if (event.type === "ADDED") break;
  }
  const service = await client.get(Services, { namespace: "default", name: "kubernetes" });
  assert.match(service.spec?.clusterIP ?? "", /\.0\.1$/);
});
