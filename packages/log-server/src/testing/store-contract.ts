import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { LogBatch, LogStoreQuery, RunLines } from "@jdos/api";
import type { LogStore, Retention } from "../store/store.ts";
import { runLines } from "./run-lines.ts";

/** Where every test's lines begin, and what the clock says. */
const BEGIN = Date.UTC(2026, 0, 10);
const NOW = BEGIN + 3_600_000;
const DAY = 86_400_000;

export interface StoreUnderTest {
  open(options: { retention: Retention; now: () => number }): Promise<LogStore>;
  stop(): Promise<void>;
  /** What a full batch of lines is worth on the disk, at least; retention is tested with it. */
  diskBytes: number;
}

/** What every log store does. */
export function storeContract(name: string, start: () => Promise<StoreUnderTest>, skip?: string): void {
  describe(`log store: ${name}`, { skip: skip ?? false }, () => {
    let under: StoreUnderTest;
    let store: LogStore;
    let now = NOW;
    const retention = { days: 7, diskBytes: 1 << 30 };
    const question = { system: "demo", application: "hello" } satisfies LogStoreQuery;
    const reopen = async (): Promise<void> => {
      await store?.close();
      store = await under.open({ retention, now: () => now });
    };
    before(async () => {
      under = await start();
      await reopen();
      const canary = runLines({
        run: "b/hello/0",
        pod: "hello-2",
        release: 2,
        texts: ["two begins", "two's end"],
        begin: BEGIN + 500,
      });
      canary.lines[1]!.stream = "stderr";
      await store.append({
        runs: [
          runLines({ run: "a/hello/0", pod: "hello-1", release: 1, texts: count(1000), begin: BEGIN }),
          canary,
          runLines({
            run: "c/other/0",
            application: "other",
            texts: ["of another application"],
            begin: BEGIN,
          }),
          runLines({ run: "d/hello/0", system: "secret", texts: ["of another system"], begin: BEGIN }),
        ],
      });
    });
    after(async () => {
      await store?.close();
      await under?.stop();
    });
    const texts = async (query: Partial<LogStoreQuery>): Promise<string[]> =>
      (await store.query({ ...question, ...query })).lines.map(({ line }) => line);

    it("query() gives the newest lines first, of this application alone", async () => {
      const { lines, cursor } = await store.query({ ...question, limit: 3 });
      assert.deepEqual(
        lines.map(({ line }) => line),
        ["line 999", "line 998", "line 997"],
      );
      assert.deepEqual(lines[0], {
        time: new Date(BEGIN + 999).toISOString().replace("Z", "000000Z"),
        pod: "hello-1",
        container: "hello",
        release: 1,
        stream: "stdout",
        line: "line 999",
      });
      assert.ok(cursor !== undefined);
      assert.deepEqual(await texts({ order: "oldest", limit: 2 }), ["line 0", "line 1"]);
      assert.deepEqual(await texts({ system: "secret" }), ["of another system"]);
      assert.deepEqual(await texts({ system: "secret", application: "other" }), []);
    });

    it("query() narrows by Pod, container, release, stream, time and text", async () => {
      assert.deepEqual(await texts({ pod: "hello-2" }), ["two's end", "two begins"]);
      assert.deepEqual(await texts({ release: 2, stream: "stderr" }), ["two's end"]);
      assert.deepEqual(await texts({ container: "sidecar" }), []);
      assert.deepEqual(await texts({ contains: "line 99", order: "oldest", limit: 3 }), [
        "line 99",
        "line 990",
        "line 991",
      ]);
      assert.deepEqual(await texts({ contains: "LINE" }), []);
      const since = new Date(BEGIN + 10).toISOString();
      const until = new Date(BEGIN + 12).toISOString();
      assert.deepEqual(await texts({ since, until }), ["line 12", "line 11", "line 10"]);
    });

    it("query() takes any text for what it is", async () => {
      for (const contains of ["'", "\\", "%", "_", "' OR 1=1 --", "\\' OR '1'='1", "\n", '"', "\0"])
        assert.deepEqual(await texts({ contains }), contains === "'" ? ["two's end"] : []);
      for (const hostile of ["x' OR '1'='1", "x\\", "demo\0"]) {
        assert.deepEqual(await texts({ system: hostile }), []);
        assert.deepEqual(await texts({ pod: hostile }), []);
      }
    });

    for (const order of ["newest", "oldest"] as const)
      it(`query() gives every line once, page after page, ${order} first, also of one moment`, async () => {
        const same = runLines({ run: "e/same/0", application: "same", texts: count(25), begin: BEGIN });
        for (const line of same.lines) line.time = "2026-01-10T00:00:00.000000007Z";
        await store.append({ runs: [same] });
        for (const [application, total, limit] of [
          ["same", 25, 10],
          ["hello", 1002, 100],
        ] as const) {
          const seen: string[] = [];
          let cursor: string | undefined;
          do {
            const page = await store.query({
              ...question,
              application,
              order,
              limit,
              ...(cursor === undefined ? {} : { cursor }),
            });
            seen.push(...page.lines.map(({ time, line }) => `${time} ${line}`));
            cursor = page.cursor;
          } while (cursor !== undefined);
          assert.equal(seen.length, total);
          assert.equal(new Set(seen).size, total);
          const times = seen.map((line) => line.slice(0, 30));
          assert.deepEqual(times, order === "oldest" ? times.toSorted() : times.toSorted().reverse());
        }
      });

    it("query() refuses a cursor and a time that are none", async () => {
      for (const wrong of [{ cursor: "1' OR 1" }, { cursor: "5" }, { since: "yesterday" }])
        await assert.rejects(store.query({ ...question, ...wrong }), { code: "BadRequest" });
    });

    it("append() keeps a line once that is given again, also after a restart", async () => {
      const batch: LogBatch = {
        runs: [
          runLines({
            run: "f/twice/0",
            application: "twice",
            texts: ["a", "ü ' \\ \t \u0001", "{}"],
            begin: BEGIN,
          }),
        ],
      };
      await store.append(batch);
      await store.append(batch);
      await reopen();
      await store.append(batch);
      assert.deepEqual(await texts({ application: "twice", order: "oldest" }), [
        "a",
        "ü ' \\ \t \u0001",
        "{}",
      ]);
    });

    it("positions() says where each run stands that was given, also after a restart", async () => {
      const first = runLines({ run: "g/at/0", application: "at", texts: ["a"], begin: BEGIN });
      const second: RunLines = { ...first, lines: [], position: { file: first.position.file, offset: 4711 } };
      await store.append({ runs: [first] });
      await store.append({ runs: [second] });
      await reopen();
      assert.deepEqual(await store.positions(["g/at/0", "never/heard/0"]), {
        "g/at/0": { source: first.source, position: second.position },
      });
    });

    it("append() lets go of lines that are too old, and query() does not show those that became so", async () => {
      const old = runLines({
        run: "h/old/0",
        application: "old",
        texts: ["too old", "just so"],
        begin: BEGIN,
      });
      old.lines[0]!.time = timeOf(NOW - 8 * DAY);
      old.lines[1]!.time = timeOf(NOW - 6 * DAY);
      await store.append({ runs: [old] });
      assert.deepEqual(await texts({ application: "old" }), ["just so"]);
      now = NOW + 2 * DAY;
      assert.deepEqual(await texts({ application: "old" }), []);
      now = NOW;
    });

    it("maintain() frees the oldest days first when the whole is too large, never the youngest", async () => {
      await store.close();
      const bounded = { days: 30, diskBytes: under.diskBytes };
      store = await under.open({ retention: bounded, now: () => now });
      const line = "x".repeat(1000);
      for (let day = 0; day < 6; day++) {
        const texts = Array.from({ length: 1000 }, (_, at) => `${day} ${at} ${randomText()} ${line}`);
        await store.append({
          runs: [
            runLines({ run: `i/big/${day}`, application: "big", texts, begin: BEGIN - (6 - day) * DAY }),
          ],
        });
        await store.maintain();
      }
      const days = new Set(
        (await store.query({ ...question, application: "big", limit: 2000, order: "oldest" })).lines.map(
          ({ line }) => line[0],
        ),
      );
      assert.ok(!days.has("0"), `the oldest day is there: ${[...days]}`);
      assert.ok((await texts({ application: "big", limit: 1 }))[0]?.startsWith("5 "));
      const { usedBytes, limitBytes, state } = await store.status();
      assert.equal(state, "Ok");
      assert.equal(limitBytes, under.diskBytes);
      assert.ok(usedBytes <= limitBytes * 2, `${usedBytes} of ${limitBytes}`);
      assert.ok("i/big/5" in (await store.positions(["i/big/5"])));
    });
  });
}

const count = (lines: number): string[] => Array.from({ length: lines }, (_, at) => `line ${at}`);

function timeOf(millis: number): string {
  return new Date(millis).toISOString().replace("Z", "000000Z");
}

/** That no compression makes small. */
function randomText(): string {
  return Array.from({ length: 24 }, () => Math.random().toString(36).slice(2)).join("");
}
