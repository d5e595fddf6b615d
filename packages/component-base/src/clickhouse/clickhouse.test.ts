import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { clickhouseRoot, startTestClickHouse, type TestClickHouse } from "../testing/start-clickhouse.ts";
import { ClickHouse, literal } from "./clickhouse.ts";

const found = await clickhouseRoot();

describe("ClickHouse.check()", { skip: "missing" in found ? found.missing : false }, () => {
  let server: TestClickHouse;
  before(async () => {
    server = await startTestClickHouse("root" in found ? found.root : "");
  });
  after(() => server?.stop());

  it("takes a real server with an account that may write", async () => {
    const { url, user, password } = server;
    await new ClickHouse({ url, user, password }).check();
  });

  it("says who is refused, who may only read, and which database is missing", async () => {
    const { url, user, password, reader } = server;
    for (const account of [
      { user, password: "wrong" },
      { user: "nobody", password },
    ])
      await assert.rejects(new ClickHouse({ url, ...account }).check(), {
        code: "ClickHouseUnauthorized",
        message: `Cannot use ClickHouse at ${url}: it does not take user "${account.user}"`,
      });
    await assert.rejects(new ClickHouse({ url, ...reader }).check(), {
      code: "ClickHouseRefused",
      message: /user "reader" may only read/,
      hint: /CREATE TABLE/,
    });
    await assert.rejects(new ClickHouse({ url, user, password, database: "nowhere" }).check(), {
      code: "ClickHouseRefused",
      message: /nowhere/,
    });
  });
});

describe("ClickHouse", () => {
  it("check() says when it is too old, something else, or away", async () => {
    const answers = [
      { status: 200, body: "1.1.54390\n", code: "ClickHouseTooOld", message: /1\.1\.54390, and 18\.16/ },
      { status: 200, body: "18.14.9\n", code: "ClickHouseTooOld", message: /18\.14\.9/ },
      { status: 200, body: "<html>", code: "NotClickHouse", message: /tells no version/ },
      { status: 404, body: "<html>", code: "NotClickHouse", message: /HTTP 404/ },
      { status: 401, body: "", code: "ClickHouseUnauthorized", message: /does not take user "default"/ },
      {
        status: 403,
        body: "Code: 497. DB::Exception: default: Not enough privileges.",
        code: "ClickHouseRefused",
        message: /Not enough privileges/,
      },
    ];
    let next = 0;
    const server = createServer((_request, response) => {
      const { status, body } = answers[next++]!;
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const { code, message } of answers)
      await assert.rejects(new ClickHouse({ url }).check(), { code, message });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(new ClickHouse({ url }).check(), { code: "ClickHouseUnreachable" });
  });
});

it("literal() leaves no text outside its quotes", () => {
  assert.equal(literal("a'b\\c"), "'a\\'b\\\\c'");
});
