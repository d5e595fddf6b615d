import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { isStatus, type KubeObject, StatusError } from "@jdos/apimachinery";
import type { StoreEvent } from "./event.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { Store, type StoreKey } from "./store.ts";

const key = (name: string): StoreKey => ({ resource: "things", namespace: "ns", name });
const object = (name: string, more: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: { name, namespace: "ns", uid: name },
  ...more,
});
const put = (store: Store, name: string, more: object = {}) =>
  store.write(key(name), () => ({ kind: "put", object: object(name, more) }));

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "jdos-store-"));
});
after(() => rmSync(directory, { recursive: true, force: true }));

function collect(
  store: Store,
  selection: { namespace?: string; name?: string; matches?: () => boolean } = {},
) {
  const events: StoreEvent[] = [];
  const { matches = () => true, ...rest } = selection;
  const stop = store.watch(
    "things",
    { ...rest, matches },
    { after: store.revision, sink: { event: (_, event) => events.push(event), end: () => {} } },
  );
  return { events, stop };
}

describe("Store", () => {
  it("write() shows readers nothing before the commit, and the next write everything", async () => {
    const store = new Store({ path: join(directory, "pending") });
    const first = put(store, "a");
    assert.equal(store.get(key("a")), undefined);
    assert.equal(store.peek(key("a"))?.metadata.name, "a");
    const stored = await first;
    assert.equal(store.get(key("a")), stored);
    await store.close();
  });

  it("write() gives one revision a write, across resources, and goes on after a reopening", async () => {
    const path = join(directory, "reopen");
    const store = new Store({ path });
    const [a, b] = await Promise.all([
      put(store, "a"),
      store.write({ ...key("b"), resource: "others" }, () => ({ kind: "put", object: object("b") })),
    ]);
    assert.equal(Number(b.metadata.resourceVersion), Number(a.metadata.resourceVersion) + 1);
    await store.write(key("a"), () => ({ kind: "delete" }));
    const { revision } = store;
    await store.close();
    const again = new Store({ path });
    assert.equal(again.revision, revision);
    assert.equal(again.get(key("a")), undefined);
    assert.deepEqual(again.get({ ...key("b"), resource: "others" }), b);
    const next = await put(again, "c");
    assert.equal(Number(next.metadata.resourceVersion), revision + 1);
    await again.close();
  });

  it("write() tells watchers in the order of revisions, the deletion with its own", async () => {
    const store = new Store({ path: ":memory:" });
    const { events } = collect(store, { namespace: "ns" });
    await Promise.all([
      put(store, "a"),
      put(store, "a", { n: 1 }),
      store.write(key("a"), () => ({ kind: "delete" })),
    ]);
    assert.deepEqual(
      events.map(({ type, revision, object: { metadata } }) => [
        type,
        revision === Number(metadata.resourceVersion),
      ]),
      [
        ["ADDED", true],
        ["MODIFIED", true],
        ["DELETED", true],
      ],
    );
    await store.close();
  });

  it("write() refuses for what is not committed yet only when that can be read", async () => {
    const store = new Store({ path: join(directory, "refused") });
    const refusing = (name: string) =>
      store.write(key(name), (current) => {
        throw new StatusError("Conflict", `it is ${current?.metadata.resourceVersion}`);
      });
    const first = put(store, "a");
    assert.equal(store.get(key("a")), undefined);
    await assert.rejects(refusing("a"), (error) => isStatus(error, "Conflict"));
    assert.equal(store.get(key("a")), await first);
    const deleted = store.write(key("a"), () => ({ kind: "delete" }));
    await assert.rejects(refusing("a"), (error) => isStatus(error, "Conflict"));
    assert.equal(store.get(key("a")), undefined);
    await deleted;
    await store.close();
  });

  it("write() refuses what rests on a batch that failed, and goes on", async () => {
    const path = join(directory, "broken");
    const store = new Store({ path });
    await put(store, "good");
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    assert.throws(() => void put(store, "cyclic", { cyclic }));
    // A body that is no text makes SQLite refuse the batch.
    const failed = store.write(key("bad"), () => ({
      kind: "put",
      object: { ...object("bad"), toJSON: () => undefined } as KubeObject,
    }));
    const resting = put(store, "resting");
    await assert.rejects(failed, (error) => isStatus(error, "InternalError"));
    await assert.rejects(resting, (error) => isStatus(error, "InternalError"));
    assert.equal(store.peek(key("resting")), undefined);
    await put(store, "after");
    assert.equal(store.get(key("after"))?.metadata.name, "after");
    await store.close();
  });

  it("watch() resumes after a revision until the ring has forgotten it", async () => {
    const store = new Store({ path: ":memory:", ring: { capacity: 2 } });
    const made = [await put(store, "a"), await put(store, "b"), await put(store, "c")].map(({ metadata }) =>
      Number(metadata.resourceVersion),
    );
    const replayed: string[] = [];
    const options = {
      sink: { event: () => {}, end: () => {} },
      replay: ({ object: { metadata } }: StoreEvent) => replayed.push(metadata.name),
    };
    store.watch("things", { matches: () => true }, { ...options, after: made[1]! });
    assert.deepEqual(replayed, ["c"]);
    assert.throws(
      () => store.watch("things", { matches: () => true }, { ...options, after: made[0]! - 1 }),
      (error) => isStatus(error, "Expired"),
    );
    await store.close();
  });

  it("watch() is shown only what its bucket holds", async () => {
    const store = new Store({ path: ":memory:" });
    let asked = 0;
    const { events } = collect(store, { name: "a", matches: () => ++asked > 0 });
    await Promise.all([put(store, "a"), put(store, "b"), put(store, "c")]);
    assert.equal(events.length, 1);
    assert.equal(asked, 1);
    await store.close();
  });

  it("open refuses a file that another store holds", async () => {
    const path = join(directory, "held");
    const store = new Store({ path });
    await store.ready();
    assert.throws(() => new Store({ path }), /Cannot open store ".*held": database is locked/);
    await store.close();
  });

  it("open refuses a file of a newer version", async () => {
    const path = join(directory, "newer");
    await new Store({ path }).close();
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    database.close();
    assert.throws(() => new Store({ path }), /schema version \d+ found, at most \d+ understood/);
  });
});
