import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger } from "@jdos/component-base";
import { eventually } from "@jdos/component-base/testing";
import { LogServerError } from "../errors.ts";
import { startServer } from "../server/server.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { LogSink } from "../store/store.ts";
import { logText } from "../testing/log-text.ts";
import { Collector } from "./collector.ts";
import type { PodIndex } from "./pod-index.ts";
import { RemoteSink } from "./remote-sink.ts";

const log = createLogger({ name: "test", level: "silent" });

describe("Collector", () => {
  let root: string;
  let store: SqliteStore;
  let owners: Record<string, { system: string; application: string; release: number; pod: string }>;
  const pods: PodIndex = { synced: true, find: (uid) => owners[uid] };
  const collectors: Collector[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "jdos-collector-"));
    store = openStore();
    owners = { u1: { system: "demo", application: "hello", release: 3, pod: "hello-1" } };
  });
  afterEach(async () => {
    for (const collector of collectors.splice(0)) await collector.stop();
    await store.close();
    rmSync(root, { recursive: true, force: true });
  });

  function openStore(): SqliteStore {
    const retention = { days: 10_000, diskBytes: 1 << 30 };
    return new SqliteStore({ directory: join(root, "store"), retention, freeBytes: () => 2 ** 40 });
  }
  function start(sink: LogSink = store): Collector {
    const collector = new Collector({
      directory: join(root, "pods"),
      nodeName: "n1",
      pods,
      sink,
      log,
      pollMillis: 5,
      unknownSeconds: 0,
    });
    collectors.push(collector);
    collector.start();
    return collector;
  }
  function logOf(pod: string): string {
    mkdirSync(join(root, "pods", pod, "app"), { recursive: true });
    return join(root, "pods", pod, "app", "0.log");
  }
  async function texts(application = "hello"): Promise<string[]> {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.query({
        system: "demo",
        application,
        order: "oldest",
        limit: 2000,
        ...(cursor === undefined ? {} : { cursor }),
      });
      found.push(...page.lines.map(({ line }) => line));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found;
  }
  it("reads 100,000 lines through rotation, ended and started again between, none lost and none twice", async () => {
    const path = logOf("demo_hello-1_u1");
    const wanted: string[] = [];
    let collector = start();
    for (let part = 0; part < 20; part++) {
      const lines = Array.from({ length: 5000 }, (_, at) => `line ${part * 5000 + at}`);
      appendFileSync(path, logText(lines, { from: wanted.length }));
      wanted.push(...lines);
      if (part % 4 === 3) renameSync(path, `${path}.20260101-00000${Math.floor(part / 4)}`);
      if (part % 3 === 0) {
        await collector.stop();
        await store.close();
        store = openStore();
        collector = start();
      }
      await sleep(5);
    }
    await eventually(async () => assert.ok((await texts()).length >= wanted.length));
    assert.deepEqual(await texts(), wanted);
  });

  it("keeps who wrote it, reads on after a refusal, and no Pod that is not of an application", async () => {
    appendFileSync(logOf("kube-system_other_u2"), logText(["secret"]));
    appendFileSync(logOf("demo_hello-1_u1"), logText(["a", "b"]));
    let refusals = 2;
    const sink: LogSink = {
      positions: (runs) => store.positions(runs),
      async append(batch) {
        // As if the answer had been lost: it is kept, and given again.
        await store.append(batch);
        if (refusals-- > 0) throw new LogServerError("StoreAway", "Cannot reach it");
      },
    };
    start(sink);
    await eventually(async () => assert.ok(refusals < 0));
    assert.deepEqual(await texts(), ["a", "b"]);
    const [line] = (await store.query({ system: "demo", application: "hello" })).lines;
    assert.equal(line?.pod, "hello-1");
    assert.equal(line?.release, 3);
    assert.deepEqual(Object.keys(await store.positions(["u1/app/0", "u2/app/0"])), ["u1/app/0"]);
  });

  it("reads a deleted Pod's log to its end", async () => {
    const path = logOf("demo_hello-1_u1");
    appendFileSync(path, logText(["a"]));
    start();
    await eventually(async () => assert.ok((await texts()).length === 1));
    appendFileSync(path, logText(["last words"], { from: 1 }));
    rmSync(join(root, "pods", "demo_hello-1_u1"), { recursive: true });
    await eventually(async () => assert.ok((await texts()).length === 2));
  });

  it("reads on where the log of one container cannot be read", async () => {
    owners.u2 = { system: "demo", application: "hello", release: 3, pod: "hello-2" };
    mkdirSync(logOf("demo_hello-0_u2"), { recursive: true });
    const path = logOf("demo_hello-1_u1");
    writeFileSync(`${path}.20260101-000001.gz`, "nothing that was packed");
    appendFileSync(path, logText(["a"]));
    start();
    await eventually(async () => assert.ok((await texts()).length === 1));
    appendFileSync(path, logText(["b"], { from: 1 }));
    await eventually(async () => assert.ok((await texts()).length === 2));
    assert.deepEqual(await texts(), ["a", "b"]);
  });

  it("gives lines over HTTP with a key that writes, and the key that reads is another", async () => {
    const keys = { write: "w".repeat(20), read: "r".repeat(20) };
    const server = await startServer({ store, keys, log, listen: { host: "127.0.0.1", port: 0 } });
    try {
      const url = `http://127.0.0.1:${server.port}`;
      appendFileSync(logOf("demo_hello-1_u1"), logText(["far"]));
      start(new RemoteSink({ url, key: keys.write }));
      await eventually(async () => assert.ok((await texts()).length === 1));
      const ask = (path: string, key: string) =>
        fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
      const path = "/v1/lines?system=demo&application=hello";
      assert.equal((await ask(path, keys.write)).status, 401);
      assert.equal(((await (await ask(path, keys.read)).json()) as { lines: unknown[] }).lines.length, 1);
      assert.equal((await ask("/v1/lines?system=demo", keys.read)).status, 400);
      assert.equal((await ask(`${path}&limit=x`, keys.read)).status, 400);
      assert.equal((await ask("/v1/nothing", keys.read)).status, 404);
      await assert.rejects(new RemoteSink({ url, key: keys.read }).append({ runs: [] }), {
        code: "StoreFailed",
      });
    } finally {
      await server.stop();
    }
  });
});
