import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runLines } from "../../testing/run-lines.ts";
import { storeContract } from "../../testing/store-contract.ts";
import { SqliteStore } from "./sqlite-store.ts";

storeContract("sqlite", async () => {
  const directory = mkdtempSync(join(tmpdir(), "jdos-log-store-"));
  return {
    diskBytes: 4 * 1024 * 1024,
    open: async (options) => new SqliteStore({ directory, freeBytes: () => 1 << 30, ...options }),
    stop: async () => rmSync(directory, { recursive: true, force: true }),
  };
});

describe("SqliteStore", () => {
  const now = Date.UTC(2026, 0, 10);
  const retention = { days: 7, diskBytes: 4 * 1024 * 1024 };
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "jdos-log-store-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("a disk without room is a state: nothing more is kept, what is there can be read, and it ends by itself", async () => {
    let free = 1 << 30;
    const store = new SqliteStore({
      directory,
      retention,
      now: () => now,
      freeBytes: () => free,
      reserveBytes: 1000,
    });
    await store.append({ runs: [runLines({ run: "a/b/0", texts: ["kept"], begin: now })] });
    free = 10;
    const more = { runs: [runLines({ run: "a/b/0", texts: ["kept", "later"], begin: now })] };
    await assert.rejects(store.append(more), { code: "DiskFull", message: /has less than/ });
    assert.equal((await store.status()).state, "Full");
    const question = { system: "demo", application: "hello" };
    assert.deepEqual(
      (await store.query(question)).lines.map(({ line }) => line),
      ["kept"],
    );
    free = 1 << 30;
    await store.append(more);
    assert.equal((await store.status()).state, "Ok");
    assert.equal((await store.query(question)).lines.length, 2);
    await store.close();
  });

  it("runs that go on through many segments are known in the youngest, and old ones are forgotten", async () => {
    let time = now;
    const store = new SqliteStore({ directory, retention, now: () => time, freeBytes: () => 1 << 30 });
    await store.append({ runs: [runLines({ run: "quiet/b/0", texts: ["once"], begin: now })] });
    const text = "y".repeat(2000);
    for (let batch = 0; batch < 25; batch++)
      await store.append({
        runs: [
          runLines({
            run: "busy/b/0",
            texts: Array.from({ length: 100 }, () => text),
            begin: now + batch * 1000,
          }),
        ],
      });
    assert.ok(readdirSync(directory).filter((name) => name.endsWith(".db")).length > 2);
    assert.ok("quiet/b/0" in (await store.positions(["quiet/b/0"])));
    time = now + 20 * 86_400_000;
    for (let batch = 0; batch < 25; batch++)
      await store.append({
        runs: [
          runLines({
            run: "busy/b/0",
            texts: Array.from({ length: 100 }, () => text),
            begin: time + batch * 1000,
          }),
        ],
      });
    await store.maintain();
    assert.deepEqual(await store.positions(["quiet/b/0"]), {});
    await store.close();
  });
});
