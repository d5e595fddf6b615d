import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { clickhouseRoot, startTestClickHouse, type TestClickHouse } from "@jdos/component-base/testing";
import { runLines } from "../../testing/run-lines.ts";
import { storeContract } from "../../testing/store-contract.ts";
import { ClickHouseStore } from "./clickhouse-store.ts";

const found = await clickhouseRoot();
const missing = "missing" in found ? found.missing : undefined;
const root = "root" in found ? found.root : "";
const retention = { days: 7, diskBytes: 1 << 30 };

storeContract(
  "ClickHouse",
  async () => {
    const server = await startTestClickHouse(root);
    return {
      diskBytes: 1024 * 1024,
      open: async (options) => new ClickHouseStore({ ...server, gatherMillis: 1, ...options }),
      stop: () => server.stop(),
    };
  },
  missing,
);

describe("ClickHouseStore", { skip: missing ?? false }, () => {
  let server: TestClickHouse;
  before(async () => {
    server = await startTestClickHouse(root);
  });
  after(() => server?.stop());

  const open = (options: Partial<ConstructorParameters<typeof ClickHouseStore>[0]> = {}) =>
    new ClickHouseStore({
      ...server,
      retention,
      gatherMillis: 1,
      now: () => Date.UTC(2026, 0, 10),
      ...options,
    });
  const question = { system: "demo", application: "hello" };

  it("says in a sentence who is refused, and what a user may not do", async () => {
    await assert.rejects(open({ password: "wrong" }).query(question), {
      code: "StoreRefused",
      message: /does not take user "jdos"/,
    });
    await assert.rejects(open(server.reader).query(question), { code: "StoreFailed", hint: /CREATE TABLE/ });
    await assert.rejects(open({ database: "nowhere" }).query(question), {
      code: "StoreFailed",
      message: /nowhere/,
    });
  });

  it("says when what answers is no ClickHouse", async () => {
    const other: Server = createServer((_request, response) =>
      response.writeHead(404).end("<html>Not found"),
    );
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await assert.rejects(open({ url }).query(question), {
      code: "StoreFailed",
      message: /it is none \(HTTP 404\)/,
    });
    other.close();
  });

  it("a server that is away is a state, and what was refused is kept when it is given again", async () => {
    const port = 1;
    const away = open({ url: `http://127.0.0.1:${port}` });
    await assert.rejects(away.append({ runs: [] }), { code: "StoreAway" });
    assert.equal((await away.status()).state, "Away");
  });

  it("append() gathers what many collectors give into one insert, and answers each", async () => {
    const store = open({ gatherMillis: 50 });
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        store.append({
          runs: [
            runLines({ run: `r/${at}/0`, application: "many", texts: ["a"], begin: Date.UTC(2026, 0, 9) }),
          ],
        }),
      ),
    );
    assert.equal((await store.query({ ...question, application: "many" })).lines.length, 20);
  });
});
