import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { parseRange } from "./address.ts";
import { type AttachmentStore, openAttachmentStore } from "./attachment-store.ts";

let directory: string;
let store: AttachmentStore;

function open(): AttachmentStore {
  return openAttachmentStore({
    path: join(directory, "a.db"),
    range: parseRange("10.0.0.0/29"),
    reserved: ["10.0.0.1"],
  });
}

function add(containerId: string): string {
  return store.add({
    containerId,
    ifname: "eth0",
    netns: "/n",
    hostInterface: "v",
    pod: "",
    portMappings: [],
    confined: false,
  }).address;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "jdos-store-"));
  store = open();
});

afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

test("add() gives every free address once and never the gateway", () => {
  const given = ["a", "b", "c", "d", "e"].map(add);
  assert.deepEqual(given, ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
  assert.throws(() => add("f"), { code: "NoAddress" });
});

test("add() does not give a returned address again while others are free", () => {
  assert.equal(add("a"), "10.0.0.2");
  store.remove("a", "eth0");
  assert.equal(add("b"), "10.0.0.3");
});

test("add() goes round to what was returned when the range ends", () => {
  for (const id of ["a", "b", "c", "d", "e"]) add(id);
  store.remove("c", "eth0");
  assert.equal(add("f"), "10.0.0.4");
});

test("openAttachmentStore() remembers addresses and the place of the search", () => {
  add("a");
  add("b");
  store.remove("b", "eth0");
  store.close();
  store = open();
  assert.equal(store.get("a", "eth0")?.address, "10.0.0.2");
  assert.equal(add("c"), "10.0.0.4");
});

test("remove() of an unknown container does nothing", () => {
  store.remove("nobody", "eth0");
  assert.deepEqual(store.list(), []);
});
