import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "node:test";
import { ConfigMaps, Leases, Pods } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { createMetrics } from "@jdos/component-base";
import { TransportError } from "../errors.ts";
import { createHttpClient, type HttpClientOptions } from "./http-client.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const key = { namespace: "demo", name: "a" };

describe("createHttpClient", () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  async function serve(handler: Handler): Promise<{ server: Server; url: string }> {
    const server = createServer(handler);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    stops.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  function clientOf(url: string, options: Partial<HttpClientOptions> = {}) {
    const client = createHttpClient({ server: url, ...options });
    stops.push(() => client.close());
    return client;
  }

  const answer = (response: ServerResponse, status: number, body: object, headers = {}): void => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };

  it("sends the token, read anew at each call, and who is impersonated", async () => {
    const seen: IncomingMessage["headers"][] = [];
    const { url } = await serve((request, response) => {
      seen.push(request.headers);
      answer(response, 200, { metadata: { name: "a" } });
    });
    let token = 0;
    const client = clientOf(url, { token: () => `t${++token}` });
    await client.get(ConfigMaps, key);
    await client.impersonate({ name: "alice", groups: ["dev", "ops"] }).get(ConfigMaps, key);
    assert.equal(seen[0]!.authorization, "Bearer t1");
    assert.equal(seen[1]!.authorization, "Bearer t2");
    assert.equal(seen[1]!["impersonate-user"], "alice");
    assert.equal(seen[1]!["impersonate-group"], "dev, ops");
  });

  it("uses its connections again", async () => {
    let connections = 0;
    const { server, url } = await serve((_, response) => answer(response, 200, { metadata: { name: "a" } }));
    server.on("connection", () => connections++);
    const client = clientOf(url);
    for (let index = 0; index < 15; index++) await client.get(ConfigMaps, key);
    for (let index = 0; index < 15; index++) await client.delete(ConfigMaps, key, { gracePeriodSeconds: 0 });
    assert.ok(connections <= 2, `${connections} connections for 30 calls, one after another`);
  });

  it("keeps the path of the server's address", async () => {
    const paths: (string | undefined)[] = [];
    const { url } = await serve((request, response) => {
      paths.push(request.url);
      answer(response, 200, { items: [], metadata: { resourceVersion: "1" } });
    });
    await clientOf(`${url}/k8s/`).list(Pods, { namespace: "demo", labelSelector: "a=b", limit: 5 });
    assert.deepEqual(paths, ["/k8s/api/v1/namespaces/demo/pods?labelSelector=a%3Db&limit=5"]);
  });

  it("waits as long as a busy server asks, then tries again", async () => {
    let calls = 0;
    const { url } = await serve((_, response) => {
      if (++calls < 3)
        answer(
          response,
          429,
          { kind: "Status", reason: "TooManyRequests", code: 429 },
          { "retry-after": "0" },
        );
      else answer(response, 200, { metadata: { name: "a" } });
    });
    assert.equal((await clientOf(url).get(ConfigMaps, key)).metadata.name, "a");
    assert.equal(calls, 3);
  });

  it("lets calls through at the rate allowed, counts what they waited, and leases not at all", async () => {
    const { url } = await serve((_, response) => answer(response, 200, { metadata: { name: "a" } }));
    const metrics = createMetrics();
    const client = clientOf(url, { queriesPerSecond: 10, burst: 2, metrics });
    const started = performance.now();
    let done = 0;
    const get = async (): Promise<void> => {
      await client.get(ConfigMaps, key);
      done++;
    };
    const calls = Promise.all(Array.from({ length: 12 }, get));
    await client.get(Leases, key);
    assert.ok(done < 12, "the lease did not wait for its turn");
    await calls;
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds >= 0.99, `twelve calls in ${seconds} s`);
    const text = await metrics.text();
    assert.match(text, /rest_client_requests_total{verb="get",code="200"} 13/);
    assert.match(text, /rest_client_rate_limiter_duration_seconds_count{verb="get"} 10/);
    assert.match(text, /rest_client_request_duration_seconds_count{verb="get"} 13/);
  });

  it("asks the guard of a write each time right before it leaves, and throws what that throws", async () => {
    const paths: (string | undefined)[] = [];
    const { url } = await serve((request, response) => {
      paths.push(request.url);
      answer(response, 429, { kind: "Status", reason: "TooManyRequests", code: 429 }, { "retry-after": "0" });
    });
    let asked = 0;
    const guard = (): void => {
      assert.equal(paths.length, asked, "asked once for each request that came");
      if (++asked === 3) throw new RangeError("no more");
    };
    const client = clientOf(url);
    await assert.rejects(client.delete(ConfigMaps, key, { guard }), {
      name: "RangeError",
      message: "no more",
    });
    assert.deepEqual([paths.length, asked], [2, 3]);
    await assert.rejects(
      client.create(ConfigMaps, { metadata: key }, { guard: () => assert.fail("never") }),
      /never/,
    );
    assert.equal(paths.length, 2);
  });

  it("gives an answer that is no Status the reason of its code, its text, and no page for people", async () => {
    let text = "Bad gateway";
    const { url } = await serve((_, response) => response.writeHead(502).end(text));
    const refused = (message: string) =>
      assert.rejects(clientOf(url).get(ConfigMaps, key), (error) => {
        assert.ok(isStatus(error), String(error));
        assert.deepEqual([error.code, error.message], [502, message]);
        return true;
      });
    await refused("Bad gateway");
    text = "<h1>Bad gateway</h1>";
    await refused("The server answered 502");
  });

  it("throws TransportError when nothing listens, and when the connection breaks", async () => {
    const { server, url } = await serve((request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}\n');
      setImmediate(() => request.socket.destroy());
    });
    const client = clientOf(url);
    const stream = await client.watch(ConfigMaps);
    const names: string[] = [];
    await assert.rejects(
      (async () => {
        for await (const event of stream) if (event.type === "ADDED") names.push(event.object.metadata.name);
      })(),
      TransportError,
    );
    assert.deepEqual(names, ["a"]);
    server.close();
    await once(server, "close");
    await assert.rejects(client.get(ConfigMaps, key), (error) => {
      assert.ok(error instanceof TransportError);
      assert.match(error.message, /^Cannot reach the Kubernetes API at "http:/);
      assert.ok(error.hint);
      return true;
    });
  });

  it("throws the ERROR event of a watch as StatusError", async () => {
    const status = { kind: "Status", reason: "Expired", code: 410, message: "too old resource version" };
    const { url } = await serve((_, response) =>
      response.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`),
    );
    const stream = await clientOf(url).watch(ConfigMaps, { resourceVersion: "1" });
    await assert.rejects(Array.fromAsync(stream), (error) => isStatus(error, "Expired"));
  });

  it("connect() hands over the tunnel of a 101, with what was sent along", async () => {
    const { server, url } = await serve((_, response) =>
      answer(response, 403, { kind: "Status", reason: "Forbidden", code: 403 }),
    );
    server.on("upgrade", (request, socket) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\nX-Proto: v4\r\n\r\nhello `,
      );
      socket.pipe(socket);
    });
    const client = clientOf(url);
    const headers = { connection: "Upgrade", upgrade: "SPDY/3.1" };
    const { socket, headers: answered } = await client.connect({ method: "POST", path: "/exec", headers });
    assert.equal(answered["x-proto"], "v4");
    socket.end("echo");
    assert.equal(Buffer.concat(await Array.fromAsync(socket)).toString(), "hello echo");
  });

  it("connect() throws StatusError for any other answer", async () => {
    const { url } = await serve((_, response) =>
      answer(response, 403, { kind: "Status", reason: "Forbidden", code: 403, message: "no" }),
    );
    const headers = { connection: "Upgrade", upgrade: "SPDY/3.1" };
    await assert.rejects(clientOf(url).connect({ path: "/exec", headers }), (error) =>
      isStatus(error, "Forbidden"),
    );
  });

  it("hands warnings of the server on", async () => {
    const { url } = await serve((_, response) =>
      answer(response, 200, { metadata: { name: "a" } }, { warning: '299 - "v1 \\"Old\\" is deprecated"' }),
    );
    const warnings: string[] = [];
    await clientOf(url, { onWarning: (text) => warnings.push(text) }).get(ConfigMaps, key);
    assert.deepEqual(warnings, ['v1 "Old" is deprecated']);
  });

  it("ends a call with the signal's reason", async () => {
    const { url } = await serve(() => {});
    const controller = new AbortController();
    const call = clientOf(url).get(ConfigMaps, key, { signal: controller.signal });
    setImmediate(() => controller.abort(new Error("enough")));
    await assert.rejects(call, { message: "enough" });
  });

  it("close() ends watches", async () => {
    const { url } = await serve((_, response) => void response.writeHead(200).flushHeaders());
    const client = clientOf(url);
    const reading = Array.fromAsync(await client.watch(ConfigMaps));
    await client.close();
    assert.deepEqual(await reading, []);
  });
});
