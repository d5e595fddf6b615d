import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "node:test";
import {
  ConfigMaps,
  CronJobs,
  CustomResourceDefinitions,
  EndpointSlices,
  PodDisruptionBudgets,
  Pods,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "../client.ts";
import { TransportError, UnsupportedError } from "../errors.ts";
import { createHttpClient } from "../http/http-client.ts";
import { asServed } from "./as-served.ts";

interface Request {
  method: string;
  path: string;
  body?: Record<string, unknown>;
}

/** What a server answers to one request: a body, or a status code and a body. */
type Answer = object | [number, object] | undefined;

const key = { namespace: "demo", name: "web" };
const metadata = { ...key, uid: "1", resourceVersion: "7", creationTimestamp: "2026-01-01T00:00:00Z" };
const list = (...names: string[]) => ({
  kind: "APIResourceList",
  resources: names.map((name) => ({ name })),
});
const unknownPath: Answer = [404, { kind: "Status", reason: "NotFound", code: 404, details: {} }];
const olderSlice = {
  apiVersion: "discovery.k8s.io/v1beta1",
  kind: "EndpointSlice",
  metadata,
  addressType: "IPv4",
  endpoints: [{ addresses: ["10.0.0.1"], topology: { "kubernetes.io/hostname": "n1" } }],
};
const V1BETA1 = "/apis/discovery.k8s.io/v1beta1";
const V1 = "/apis/discovery.k8s.io/v1";

describe("a client of a server of its own version", () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  async function serve(answer: (request: Request) => Answer, port = 0) {
    const requests: Request[] = [];
    const server = createServer(async (incoming, response) => {
      const text = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>)).toString();
      const request: Request = {
        method: incoming.method ?? "",
        path: incoming.url ?? "",
        ...(text === "" ? {} : { body: JSON.parse(text) as Record<string, unknown> }),
      };
      requests.push(request);
      const given = answer(request) ?? unknownPath;
      const [status, body] = Array.isArray(given) ? given : [200, given];
      response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    stops.push(() => stop(server));
    const client = createHttpClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    stops.push(() => client.close());
    const paths = () => requests.map(({ method, path }) => `${method} ${path}`);
    return { client, server, requests, paths };
  }

  async function stop(server: Server): Promise<void> {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }

  /** A server of Kubernetes 1.20's versions that answers each write with what was written. */
  const old = ({ method, path, body }: Request): Answer => {
    if (path === V1BETA1) return list("endpointslices");
    if (path === "/apis/policy/v1beta1") return list("poddisruptionbudgets");
    if (path === "/apis/batch/v1") return list("jobs");
    if (path === "/apis/batch/v1beta1") return list("cronjobs");
    if (path === "/api/v1")
      return {
        resources: [{ name: "pods/eviction", group: "policy", version: "v1beta1", kind: "Eviction" }],
      };
    if (path.includes("/pods/web/eviction")) return { kind: "Status", status: "Success" };
    if (path.includes("?watch=true")) return { type: "ADDED", object: olderSlice };
    if (path.endsWith("/endpointslices")) return { items: [olderSlice], metadata: { resourceVersion: "9" } };
    if (method === "GET") return path.includes("beta1/") ? olderSlice : undefined;
    return body === undefined ? undefined : { metadata, ...body };
  };

  const update = (client: Client, nodeName: string) =>
    client.update(EndpointSlices, {
      apiVersion: "discovery.k8s.io/v1",
      metadata,
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.0.0.1"], nodeName }],
    });

  it("reads a Kind in the version served and gives the newest shape, frozen", async () => {
    const { client } = await serve(old);
    const found = await client.get(EndpointSlices, key);
    const { items, metadata } = await client.list(EndpointSlices, { namespace: "demo" });
    const [event] = await Array.fromAsync(await client.watch(EndpointSlices));
    assert.ok(event?.type === "ADDED");
    for (const slice of [found, items[0]!, event.object]) {
      assert.equal(slice.apiVersion, "discovery.k8s.io/v1");
      assert.deepEqual(slice.endpoints, [{ addresses: ["10.0.0.1"], nodeName: "n1" }]);
      assert.ok(Object.isFrozen(slice) && Object.isFrozen(slice.endpoints[0]));
    }
    assert.equal(metadata.resourceVersion, "9");
  });

  it("asks what is served once, and not at all for Kinds that are the same everywhere", async () => {
    const { client, paths } = await serve((request) =>
      request.path.includes("configmaps") ? { metadata } : old(request),
    );
    await client.get(ConfigMaps, key);
    await Promise.all([client.get(EndpointSlices, key), client.get(EndpointSlices, key)]);
    await client.impersonate({ name: "ada" }).get(EndpointSlices, key);
    const object = `GET ${V1BETA1}/namespaces/demo/endpointslices/web`;
    assert.deepEqual(paths(), [
      "GET /api/v1/namespaces/demo/configmaps/web",
      `GET ${V1}`,
      `GET ${V1BETA1}`,
      object,
      object,
      object,
    ]);
  });

  it("prefers the newest version, by resource and not by group alone", async () => {
    const { client, paths } = await serve((request) =>
      request.path === V1 || request.path === V1BETA1
        ? list("endpointslices")
        : (old(request) ?? { metadata, endpoints: [] }),
    );
    await client.get(EndpointSlices, key);
    assert.deepEqual(paths(), [`GET ${V1}`, `GET ${V1}/namespaces/demo/endpointslices/web`]);
    const cron = await serve(old);
    await cron.client.create(CronJobs, { metadata: key, spec: { schedule: "* * * * *" } as never });
    assert.equal(cron.paths().at(-1), "POST /apis/batch/v1beta1/namespaces/demo/cronjobs");
  });

  it("writes the served version and answers the newest", async () => {
    const { client, requests } = await serve(old);
    const written = await update(client, "n2");
    const { path, body } = requests.at(-1)!;
    assert.equal(path, `${V1BETA1}/namespaces/demo/endpointslices/web`);
    assert.equal(body?.apiVersion, "discovery.k8s.io/v1beta1");
    assert.deepEqual(body?.endpoints, [
      { addresses: ["10.0.0.1"], topology: { "kubernetes.io/hostname": "n2" } },
    ]);
    assert.equal(written.apiVersion, "discovery.k8s.io/v1");
    assert.deepEqual(written.endpoints[0], { addresses: ["10.0.0.1"], nodeName: "n2" });
  });

  it("names owners in the version served, for the garbage collector looks for them there", async () => {
    const { client, requests } = await serve((request) => old(request) ?? { metadata });
    const owner = (apiVersion: string, kind: string) => ({ apiVersion, kind, name: "web", uid: "1" });
    const owned = { ...key, ownerReferences: [owner("batch/v1", "CronJob"), owner("batch/v1", "Job")] };
    await client.create(ConfigMaps, { metadata: owned });
    const sent = requests.at(-1)?.body?.metadata as typeof owned;
    assert.deepEqual(sent.ownerReferences, [owner("batch/v1beta1", "CronJob"), owner("batch/v1", "Job")]);
  });

  it("translates an Eviction to the version the Pod's subresource takes", async () => {
    const { client, requests } = await serve(old);
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: key };
    await client.createSubresource(Pods, key, "eviction", body);
    assert.equal(requests.at(-1)?.body?.apiVersion, "policy/v1beta1");
  });

  it("deletes with what the newest version does to dependents, unless told otherwise", async () => {
    const { client, requests } = await serve((request) =>
      request.method === "DELETE" ? { kind: "Status", status: "Success" } : old(request),
    );
    const told = () => requests.at(-1)?.body?.propagationPolicy;
    await client.delete(CronJobs, key);
    assert.equal(told(), "Background");
    await client.deleteCollection(CronJobs, { namespace: "demo" });
    assert.equal(told(), "Background");
    await client.delete(CronJobs, key, { propagationPolicy: "Orphan" });
    assert.equal(told(), "Orphan");
    await client.delete(EndpointSlices, key);
    assert.equal(told(), undefined);
  });

  it("asServed() gives objects as other programs may send them, and leaves those of other Kinds alone", async () => {
    const { client, paths } = await serve(old);
    const budget = { apiVersion: "policy/v1", kind: "PodDisruptionBudget", spec: { selector: {} } };
    const service = { apiVersion: "v1", kind: "Service" };
    const [first, second] = await asServed(client, [budget, service]);
    assert.equal(first?.apiVersion, "policy/v1beta1");
    assert.notDeepEqual((first as typeof budget).spec.selector, {});
    assert.equal(second, service);
    assert.deepEqual(paths(), ["GET /apis/policy/v1", "GET /apis/policy/v1beta1"]);
  });

  it("applies a definition without the rules that a server before 1.25 does not know, and with them to others", async () => {
    for (const [gitVersion, expected] of [
      ["v1.20.2", { type: "object" }],
      ["v1.25.0", { type: "object", "x-kubernetes-validations": [{ rule: "true" }] }],
    ] as const) {
      const { client, requests } = await serve((request) =>
        request.path === "/version" ? { gitVersion } : old(request),
      );
      const schema = { type: "object", "x-kubernetes-validations": [{ rule: "true" }] };
      const body = { kind: "CustomResourceDefinition", spec: { schema } };
      await client.patch(CustomResourceDefinitions, key, { type: "apply", body } as never);
      assert.deepEqual((requests.at(-1)?.body as typeof body | undefined)?.spec.schema, expected);
      const [printed] = await asServed(client, [
        { apiVersion: "apiextensions.k8s.io/v1", ...body } as object,
      ]);
      assert.deepEqual((printed as typeof body).spec.schema, expected);
    }
  });

  it("refuses what the served version would lose, before anything is sent", async () => {
    const { client, paths } = await serve(old);
    const create = client.create(CronJobs, {
      metadata: key,
      spec: { schedule: "0 9 * * *", timeZone: "Asia/Shanghai" } as never,
    });
    await assert.rejects(create, (error) => {
      assert.ok(isStatus(error, "Invalid"), String(error));
      assert.equal(
        error.message,
        'CronJob.batch "web" is invalid: spec.timeZone: Forbidden: the cluster serves batch/v1beta1, which has no such field',
      );
      return true;
    });
    assert.ok(!paths().some((path) => path.startsWith("POST")));
  });

  it("says so when the cluster serves no version of a Kind", async () => {
    const { client } = await serve(() => undefined);
    await assert.rejects(client.list(PodDisruptionBudgets), (error) => {
      assert.ok(error instanceof UnsupportedError);
      assert.equal(
        error.message,
        'Cannot use Kind "PodDisruptionBudget": the cluster serves it in neither policy/v1 nor policy/v1beta1',
      );
      assert.match(error.hint, /1\.20/);
      return true;
    });
  });

  it("finds a Kind whose API was switched on since", async () => {
    let on = false;
    const { client } = await serve((request) => (on ? old(request) : undefined));
    await assert.rejects(client.get(EndpointSlices, key), UnsupportedError);
    on = true;
    assert.ok(await client.get(EndpointSlices, key));
  });

  it("finds the version anew when the one it knew is gone", async () => {
    let upgraded = false;
    const { client, paths } = await serve((request) => {
      if (!upgraded) return old(request);
      if (request.path === V1) return list("endpointslices");
      return request.path.startsWith(`${V1}/`) ? { metadata, endpoints: [] } : undefined;
    });
    await client.get(EndpointSlices, key);
    upgraded = true;
    await client.get(EndpointSlices, key);
    assert.deepEqual(paths().slice(-3), [
      `GET ${V1BETA1}/namespaces/demo/endpointslices/web`,
      `GET ${V1}`,
      `GET ${V1}/namespaces/demo/endpointslices/web`,
    ]);
  });

  it("an object that is not there is no reason to ask again", async () => {
    const missing: Answer = [
      404,
      { kind: "Status", reason: "NotFound", code: 404, details: { name: "web" } },
    ];
    const { client, paths } = await serve((request) =>
      request.path.endsWith("/web") ? missing : old(request),
    );
    for (let turn = 0; turn < 2; turn++)
      await assert.rejects(client.get(EndpointSlices, key), (error) => isStatus(error, "NotFound"));
    assert.equal(paths().filter((path) => path === `GET ${V1}`).length, 1);
  });

  it("asks again after an outage, for another server may answer then", async () => {
    const { client, server } = await serve(old);
    await client.get(EndpointSlices, key);
    const { port } = server.address() as AddressInfo;
    await stop(server);
    await assert.rejects(client.get(EndpointSlices, key), TransportError);
    const { paths } = await serve(
      ({ path }) => (path === V1 ? list("endpointslices") : { metadata, endpoints: [] }),
      port,
    );
    await client.get(EndpointSlices, key);
    assert.deepEqual(paths(), [`GET ${V1}`, `GET ${V1}/namespaces/demo/endpointslices/web`]);
  });

  it("an answer that fails is not kept", async () => {
    let ready = false;
    const { client } = await serve((request) =>
      ready ? old(request) : [500, { kind: "Status", reason: "InternalError", code: 500 }],
    );
    await assert.rejects(client.get(EndpointSlices, key), (error) => isStatus(error, "InternalError"));
    ready = true;
    assert.ok(await client.get(EndpointSlices, key));
  });

  it("who may not read what is served gets the newest version", async () => {
    const { client } = await serve(({ path }) =>
      path === V1
        ? [403, { kind: "Status", reason: "Forbidden", code: 403 }]
        : { metadata, apiVersion: "discovery.k8s.io/v1", endpoints: [] },
    );
    assert.ok(await client.get(EndpointSlices, key));
  });

  it("checks fields for a server that does not, by a dry run, and writes nothing then", async () => {
    const { client, paths } = await serve(({ path, body }) => {
      if (path === "/version") return { major: "1", minor: "20", gitVersion: "v1.20.2" };
      const { dta: _, ...known } = body ?? {};
      return { ...known, metadata };
    });
    const strict = { fieldValidation: "Strict", fieldManager: "jdos" } as const;
    const path = "POST /api/v1/namespaces/demo/configmaps";
    const query = "fieldManager=jdos&fieldValidation=Strict";
    const wrong = { metadata: key, dta: { a: "1" }, immutable: false };
    await assert.rejects(client.create(ConfigMaps, wrong, strict), (error) => {
      assert.ok(isStatus(error, "BadRequest"));
      assert.equal(
        error.message,
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"',
      );
      return true;
    });
    await assert.rejects(
      client.patch(ConfigMaps, key, { type: "merge", body: { dta: { a: "1" } } }, strict),
      (error) => isStatus(error, "BadRequest"),
    );
    assert.ok(await client.create(ConfigMaps, { metadata: key, data: { a: "1" } }, strict));
    assert.ok(await client.create(ConfigMaps, wrong));
    assert.deepEqual(paths(), [
      "GET /version",
      `${path}?dryRun=All&${query}`,
      `PATCH /api/v1/namespaces/demo/configmaps/web?dryRun=All&${query}`,
      `${path}?dryRun=All&${query}`,
      `${path}?${query}`,
      path,
    ]);
  });

  it("says what is missing when server-side apply is switched off", async () => {
    const { client } = await serve(() => [
      415,
      { kind: "Status", reason: "UnsupportedMediaType", code: 415, message: "unknown format" },
    ]);
    const apply = client.patch(ConfigMaps, key, { type: "apply", body: {} }, { fieldManager: "jdos" });
    await assert.rejects(apply, (error) => error instanceof UnsupportedError && /apply/.test(error.message));
  });
});
