import assert from "node:assert/strict";
import { once } from "node:events";
import { Readable } from "node:stream";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eachLine } from "./lines.ts";

test("eachLine() hands on every line, the last one without its end too", async () => {
  const lines: string[] = [];
  const stream = Readable.from(["one\ntw", "o\r\n\nth", "ree"].map((text) => Buffer.from(text)));
  eachLine(stream, (line) => lines.push(line));
  await once(stream, "end");
  assert.deepEqual(lines, ["one", "two", "", "three"]);
});

test("eachLine() takes a line without end apart", async () => {
  let longest = 0;
  let sum = 0;
  const stream = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(30_000, "a")));
  eachLine(stream, (line) => {
    longest = Math.max(longest, line.length);
    sum += line.length;
  });
  await once(stream, "end");
  assert.ok(longest <= 16 * 1024, String(longest));
  assert.equal(sum, 3_000_000);
});

test("eachLine() makes a writer wait for the one who takes its lines", async () => {
  let written = 0;
  const stream = new Readable({
    read() {
      written++;
      this.push(Buffer.from(`${"y".repeat(9_999)}\n`));
    },
  });
  const first = Promise.withResolvers<void>();
  eachLine(stream, () => first.promise);
  await sleep(50);
  assert.ok(written < 20, String(written));
  first.resolve();
  stream.destroy();
});
