import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { PlatformAway, PlatformClient, PlatformRefusal } from "./platform-client.ts";

/** One call, of which the API server that stands before the platform API says this. */
async function answered(status: number, body: object): Promise<unknown> {
  const server = createServer((_request, response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new PlatformClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  try {
    return await client
      .call("GET", "application", { token: "t", name: { system: "demo", app: "hello" } })
      .catch((error: unknown) => error);
  } finally {
    client.close();
    server.close();
  }
}

const said = (code: number, message: string) => ({ kind: "Status", status: "Failure", message, code });

test("call() tells what the API server forbids, and waits for nothing", async () => {
  const message = 'services "http:platform-api:80" is forbidden: User "x" cannot create resource';
  const error = await answered(403, said(403, message));
  assert.ok(error instanceof PlatformRefusal);
  assert.deepEqual([error.status, error.code, error.message], [403, "Forbidden", message]);
});

test("call() takes the platform for away while the API server finds no endpoint of it", async () => {
  assert.ok((await answered(503, said(503, "no endpoints available"))) instanceof PlatformAway);
  assert.ok((await answered(401, said(401, "Unauthorized"))) instanceof PlatformAway);
});
