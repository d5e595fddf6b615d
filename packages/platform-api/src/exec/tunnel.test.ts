import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { duplexPair } from "node:stream";
import { after, before, describe, it } from "node:test";
import { Applications, Namespaces, type Pod, Pods } from "@jdos/api";
import type { RawRequest } from "@jdos/client";
import { WebSocket } from "ws";
import { override } from "../testing/override.ts";
import { ADMIN_TOKEN, startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";
import { readExecQuery, refuseUpgrade, tunnelExec } from "./tunnel.ts";

describe("tunnelExec()", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform();
    await platform.client.create(Namespaces, { metadata: { name: "demo" } });
    await platform.client.create(Applications, { metadata: { name: "hello", namespace: "demo" }, spec: {} });
  });
  after(() => platform.stop());

  it("tunnelExec() joins both connections byte by byte, without the person's token", async () => {
    const pod: Pod = {
      metadata: { name: "hello-1", namespace: "demo", labels: { "jdos.io/application": "hello" } },
      spec: { containers: [{ name: "app", image: "x" }] },
    };
    await platform.client.create(Pods, pod);
    await platform.client.patch(
      Pods,
      { namespace: "demo", name: "hello-1" },
      { type: "merge", body: { status: { phase: "Running" } } },
      { subresource: "status" },
    );
    const [ours, theirs] = duplexPair();
    const asked: RawRequest[] = [];
    const client = override(platform.client, {
      connect: async (request) => {
        asked.push(request);
        const headers = {
          upgrade: "websocket",
          connection: "Upgrade",
          "sec-websocket-protocol": "v4.channel.k8s.io",
        };
        return { headers, socket: ours };
      },
    });
    const server = createServer().listen(0, "127.0.0.1");
    server.on("upgrade", (upgrade, socket, head) => {
      const query = readExecQuery(new URLSearchParams("command=sh&command=-c&tty=true"));
      tunnelExec(upgrade, socket, head, { client, system: "demo", app: "hello", query }).catch((error) =>
        refuseUpgrade(socket, error),
      );
    });
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const call = request({
      port,
      host: "127.0.0.1",
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        authorization: "Bearer secret",
        "sec-websocket-key": "k",
      },
    });
    call.end();
    const [response, socket] = await once(call, "upgrade");
    assert.equal(response.headers["sec-websocket-protocol"], "v4.channel.k8s.io");
    assert.equal(asked[0]?.path, "/api/v1/namespaces/demo/pods/hello-1/exec");
    assert.deepEqual(asked[0]?.query, {
      command: ["sh", "-c"],
      container: "app",
      stdin: "false",
      stdout: "true",
      stderr: "false",
      tty: "true",
    });
    assert.deepEqual(asked[0]?.headers, {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": "k",
    });
    socket.write("ping");
    assert.equal(String((await once(theirs, "data"))[0]), "ping");
    theirs.write("pong");
    assert.equal(String((await once(socket, "data"))[0]), "pong");
    ours.destroy();
    await once(socket, "close");
    server.close();
  });

  it("an upgrade without a login, to another path, without a command or without a Pod is refused with the error's status", async () => {
    const refused = (path: string, token = ADMIN_TOKEN): Promise<number> =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${platform.url.replace("http", "ws")}${path}`, "v4.channel.k8s.io", {
          headers: { authorization: `Bearer ${token}` },
        });
        socket.on("unexpected-response", (_request, response) => {
          resolve(response.statusCode ?? 0);
          socket.terminate();
        });
        socket.on("error", reject);
      });
    const exec = "/api/v1/systems/demo/apps/hello/exec";
    assert.equal(await refused(`${exec}?command=sh`, "wrong-token-wrong-token"), 401);
    assert.equal(await refused("/api/v1/status"), 404);
    assert.equal(await refused(exec), 422);
    assert.equal(await refused("/api/v1/systems/demo/apps/none/exec?command=sh"), 404);
    assert.equal(await refused(`${exec}?command=sh&pod=another`), 404);
  });
});
