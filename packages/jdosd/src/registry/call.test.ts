import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { http } from "@jdos/component-base/http";
import { call } from "./call.ts";

describe("call()", () => {
  const server = http.createServer(async (request, response) => {
    const body = await text(request);
    response.writeHead(201, { location: "/next" });
    response.end(
      request.method === "HEAD" ? "" : `${request.method} ${request.headers.accept} ${body.length}`,
    );
  });
  let url: string;
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("call() sends bytes, and streams of any length, and answers with status, headers and text", async () => {
    const put = await call(url, { method: "PUT", headers: { accept: "a" }, body: Buffer.from("12345") });
    assert.deepEqual([put.status, put.headers.location, put.text], [201, "/next", "PUT a 5"]);
    const content = Readable.from([Buffer.alloc(300_000, "x"), Buffer.alloc(7, "y")]);
    const streamed = await call(url, {
      method: "PUT",
      headers: { "content-length": 300_007 },
      body: content,
    });
    assert.equal(streamed.text, "PUT undefined 300007");
  });

  it("call() gets, and asks for the head alone", async () => {
    assert.equal((await call(url)).text, "GET undefined 0");
    assert.deepEqual(await call(url, { method: "HEAD" }).then(({ status, text }) => [status, text]), [
      201,
      "",
    ]);
  });

  it("call() fails with a content that breaks off, and when nobody listens", async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(10);
        throw new Error("disk gone");
      })(),
    );
    const headers = { "content-length": 100 };
    await assert.rejects(call(url, { method: "PUT", headers, body: broken }), /disk gone/);
    await assert.rejects(call("http://127.0.0.1:1/"), /ECONNREFUSED/);
  });
});
