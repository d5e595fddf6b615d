import assert from "node:assert/strict";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer, request as httpsRequest, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { after, before, describe, it } from "node:test";
import type { TLSSocket } from "node:tls";
import { EndpointSlices, Nodes, Pods, Services } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, RawResponse } from "@jdos/client";
import { createCertificateAuthority, issueCertificate } from "@jdos/component-base";
import { startTestServer, type TestServer } from "../../testing/index.ts";

const namespace = "default";
let kubelet: Server;
let backend: HttpServer;
let server: TestServer;
let client: Client;
let admin: { certPem: string; keyPem: string };

/** A kubelet that says what it was asked, and echoes what is written to a stream. */
function createKubelet(tls: { cert: string; key: string; ca: string }): Server {
  const fake = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    const caller = (request.socket as TLSSocket).getPeerCertificate().subject.CN;
    if (request.url?.includes("previous"))
      response.writeHead(400).end("previous terminated container not found");
    else response.end(`${caller} ${request.method} ${request.url}\n`);
  });
  fake.on("upgrade", (request, socket: Duplex) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\nX-Path: ${request.url}\r\n\r\n`,
    );
    socket.on("data", (chunk: Buffer) => socket.write(`echo ${chunk}`));
    socket.on("end", () => socket.end());
    socket.on("error", () => {});
  });
  return fake;
}

const listen = (target: Server | HttpServer) =>
  new Promise<number>((resolve) =>
    target.listen(0, "127.0.0.1", () => resolve((target.address() as AddressInfo).port)),
  );

before(async () => {
  const authority = await createCertificateAuthority();
  const serving = await issueCertificate(authority, {
    commonName: "node",
    ipAddresses: ["127.0.0.1"],
    usages: ["server"],
  });
  const own = await issueCertificate(authority, { commonName: "the-api-server", usages: ["client"] });
  kubelet = createKubelet({ cert: serving.certPem, key: serving.keyPem, ca: authority.certPem });
  backend = createHttpServer((request, response) => {
    request
      .on("data", () => {})
      .on("end", () =>
        response
          .setHeader("x-seen", String(request.headers.authorization))
          .end(`${request.method} ${request.url}`),
      );
  });
  const [kubeletPort, backendPort] = [await listen(kubelet), await listen(backend)];
  server = await startTestServer({
    https: true,
    options: { kubeletClientTls: { ...own, caPem: authority.certPem } },
  });
  admin = await server.certificateFor({ name: "admin", groups: ["system:masters"] });
  client = server.adminClient();
  const node = await client.create(Nodes, { metadata: { name: "n1" } });
  await client.update(
    Nodes,
    {
      ...node,
      status: {
        addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
        daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
      },
    },
    { subresource: "status" },
  );
  const containers = [{ name: "a", image: "i", ports: [{ containerPort: backendPort }] }];
  const pod = await client.create(Pods, {
    metadata: { name: "p", namespace },
    spec: { nodeName: "n1", containers },
  });
  await client.update(
    Pods,
    { ...pod, status: { ...pod.status, podIP: "127.0.0.1" } },
    { subresource: "status" },
  );
  await client.create(Pods, {
    metadata: {
      name: "two",
      namespace,
      annotations: { "kubectl.kubernetes.io/default-container": "b" },
    },
    spec: { nodeName: "n1", containers: [containers[0]!, { name: "b", image: "i" }] },
  });
  await client.create(Pods, { metadata: { name: "nowhere", namespace }, spec: { containers } });
  await client.create(Services, {
    metadata: { name: "web", namespace },
    spec: { ports: [{ name: "http", port: 80 }] },
  });
  await client.create(EndpointSlices, {
    metadata: { name: "web-1", namespace, labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"] }],
    ports: [{ name: "http", port: backendPort }],
  });
});
after(async () => {
  await server.stop();
  kubelet.closeAllConnections();
  kubelet.close();
  backend.closeAllConnections();
  backend.close();
});

async function read(response: Promise<RawResponse>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await response).body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const pods = `/api/v1/namespaces/${namespace}/pods`;
const refused = (pattern: RegExp) => (error: unknown) => isStatus(error) && pattern.test(error.message);

describe("handleLog()", () => {
  it("handleLog() asks the kubelet with the server's own certificate", async () => {
    assert.equal(
      await read(client.raw({ path: `${pods}/p/log`, query: { tailLines: "5", follow: "true" } })),
      "the-api-server GET /containerLogs/default/p/a?follow=true&tailLines=5\n",
    );
  });

  it("handleLog() names the containers to choose from, and passes on what the kubelet refuses", async () => {
    await assert.rejects(
      client.raw({ path: `${pods}/two/log` }),
      refused(/a container name must be specified for pod two, choose one of: \[a b\]/),
    );
    await assert.rejects(
      client.raw({ path: `${pods}/p/log`, query: { previous: "true" } }),
      refused(/previous terminated container not found/),
    );
    await assert.rejects(
      client.raw({ path: `${pods}/nowhere/log` }),
      refused(/pod nowhere does not have a host assigned/),
    );
  });
});

const upgrade = {
  connection: "Upgrade",
  upgrade: "SPDY/3.1",
  "x-stream-protocol-version": "v4.channel.k8s.io",
};

describe("openTunnel()", () => {
  it("openTunnel() joins a caller in process to the kubelet's stream", async () => {
    const { headers, socket } = await client.connect({
      method: "POST",
      path: `${pods}/p/exec`,
      query: { command: ["echo", "a b"], stdin: "true", stdout: "true", tty: "false" },
      headers: upgrade,
    });
    assert.equal(headers["x-path"], "/exec/default/p/a?input=1&output=1&command=echo&command=a+b");
    socket.write("hello");
    assert.equal(
      await new Promise((resolve) => socket.once("data", (chunk) => resolve(String(chunk)))),
      "echo hello",
    );
    socket.destroy();
  });

  it("openTunnel() joins a caller over HTTPS byte for byte", async () => {
    const sent = httpsRequest(`${server.url}${pods}/p/portforward?ports=80`, {
      method: "POST",
      ca: server.caPem,
      cert: admin.certPem,
      key: admin.keyPem,
      headers: upgrade,
      agent: false,
    });
    sent.end();
    const [response, socket] = await new Promise<
      [{ statusCode?: number; headers: Record<string, unknown> }, Duplex]
    >((resolve, reject) => {
      sent.once("upgrade", (head, opened) => resolve([head, opened]));
      sent.once("error", reject);
    });
    assert.equal(response.statusCode, 101);
    assert.equal(response.headers["x-path"], "/portForward/default/p?port=80");
    socket.write("ping");
    assert.equal(
      await new Promise((resolve) => socket.once("data", (chunk) => resolve(String(chunk)))),
      "echo ping",
    );
    socket.destroy();
  });

  it("openTunnel() asks for the right first, and refuses a request without an upgrade", async () => {
    const nobody = server.clientFor({ name: "nobody" });
    await assert.rejects(
      nobody.connect({ method: "POST", path: `${pods}/p/exec`, headers: upgrade }),
      refused(/cannot create resource "pods\/exec"/),
    );
    await assert.rejects(
      client.raw({ method: "POST", path: `${pods}/p/exec` }),
      refused(/Upgrade request required/),
    );
  });
});

describe("handleProxy()", () => {
  it("handleProxy() reaches Pods and the endpoints of Services, without the caller's credentials", async () => {
    assert.equal(await read(client.raw({ path: `${pods}/p/proxy/x/y`, query: { a: "b" } })), "GET /x/y?a=b");
    const response = await client.raw({
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/services/web:http/proxy/in`,
      body: { a: 1 },
      headers: { authorization: "Bearer secret" },
    });
    assert.equal(response.headers["x-seen"], "undefined");
    assert.equal(await read(Promise.resolve(response)), "POST /in");
  });
});
