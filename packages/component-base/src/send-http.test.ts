import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { sendHttp } from "./send-http.ts";

test("sendHttp() uses a connection again, but not one on which it was refused", async () => {
  const connections = new Set<unknown>();
  const server = createServer((request, response) => {
    connections.add(request.socket);
    response.writeHead(request.url === "/refused" ? 404 : 200).end("said");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async (path: string): Promise<number> => {
    const { status, text } = await sendHttp({ url, path });
    assert.equal(text, "said");
    // The connection is free again when this turn is over.
    await new Promise(setImmediate);
    return status;
  };
  try {
    assert.deepEqual([await ask("/"), await ask("/"), await ask("/refused")], [200, 200, 404]);
    assert.equal(connections.size, 1);
    assert.deepEqual([await ask("/refused"), await ask("/")], [404, 200]);
    assert.equal(connections.size, 3);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
