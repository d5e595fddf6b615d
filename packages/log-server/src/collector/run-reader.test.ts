import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { CollectedLine, LogPosition } from "@jdos/api";
import { logText } from "../testing/log-text.ts";
import { RunReader } from "./run-reader.ts";

describe("RunReader", () => {
  let directory: string;
  let current: string;
  const readers: RunReader[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "jdos-run-"));
    current = join(directory, "0.log");
  });
  afterEach(() => {
    for (const reader of readers.splice(0)) reader.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function open(from?: LogPosition, bufferBytes = 64 * 1024): RunReader {
    const reader = new RunReader({ directory, restart: "0", from, buffer: Buffer.alloc(bufferBytes) });
    readers.push(reader);
    return reader;
  }
  const all = (reader: RunReader): string[] => texts(everything(reader));

  it("read() gives lines as they are written, and a half one when its end is there", () => {
    writeFileSync(current, logText(["one", "two"]));
    const reader = open();
    assert.deepEqual(all(reader), ["one", "two"]);
    assert.deepEqual(all(reader), []);
    const [text] = [logText(["three"], { from: 2 })];
    appendFileSync(current, text.slice(0, 40));
    assert.deepEqual(all(reader), []);
    appendFileSync(current, text.slice(40));
    assert.deepEqual(all(reader), ["three"]);
  });

  it("read() joins the parts of a long line, and keeps the order while another stream writes between them", () => {
    writeFileSync(
      current,
      [
        "2026-01-01T00:00:00.000000001Z stdout P long ",
        "2026-01-01T00:00:00.000000002Z stderr F between",
        "2026-01-01T00:00:00.000000003Z stdout P li",
        "",
      ].join("\n"),
    );
    const reader = open();
    assert.deepEqual(all(reader), []);
    assert.equal(reader.position?.offset, 0);
    appendFileSync(current, "2026-01-01T00:00:00.000000004Z stdout F ne\n");
    const lines = everything(reader);
    assert.deepEqual(texts(lines), ["long line", "between"]);
    assert.deepEqual(
      lines.map(({ time, stream }) => [time, stream]),
      [
        ["2026-01-01T00:00:00.000000001Z", "stdout"],
        ["2026-01-01T00:00:00.000000002Z", "stderr"],
      ],
    );
  });

  it("read() puts a character together that was cut in two", () => {
    const [first, second] = [Buffer.from("ü").subarray(0, 1), Buffer.from("ü").subarray(1)];
    writeFileSync(
      current,
      Buffer.concat([
        Buffer.from("2026-01-01T00:00:00.000000001Z stdout P "),
        first,
        Buffer.from("\n2026-01-01T00:00:00.000000002Z stdout F "),
        second,
        Buffer.from("\n"),
      ]),
    );
    assert.deepEqual(all(open()), ["ü"]);
  });

  it("read() goes through files that were moved aside and packed, oldest first", () => {
    writeFileSync(join(directory, "0.log.20260101-000001.gz"), gzipSync(logText(["a", "b"])));
    writeFileSync(join(directory, "0.log.20260101-000002"), logText(["c"], { from: 2 }));
    writeFileSync(join(directory, "0.log.20260101-000002.tmp"), "not yet");
    writeFileSync(current, logText(["d"], { from: 3 }));
    assert.deepEqual(all(open()), ["a", "b", "c", "d"]);
  });

  it("read() follows rotation: the rest of the old file, then the new one", () => {
    writeFileSync(current, logText(["a"]));
    const reader = open();
    assert.deepEqual(all(reader), ["a"]);
    renameSync(current, join(directory, "0.log.20260101-000001"));
    appendFileSync(join(directory, "0.log.20260101-000001"), logText(["b"], { from: 1 }));
    assert.deepEqual(all(reader), ["b"], "nothing stands under the name yet");
    appendFileSync(join(directory, "0.log.20260101-000001"), logText(["c"], { from: 2 }));
    writeFileSync(current, logText(["d"], { from: 3 }));
    assert.deepEqual(all(reader), ["c", "d"]);
  });

  it("read() joins a line whose parts stand in two files, also after a restart between them", () => {
    writeFileSync(current, `${logText(["a"])}2026-01-01T00:00:01.000000001Z stdout P be\n`);
    const reader = open();
    assert.deepEqual(all(reader), ["a"]);
    const { position } = reader;
    renameSync(current, join(directory, "0.log.20260101-000001"));
    writeFileSync(current, "2026-01-01T00:00:02.000000001Z stdout F gin\n");
    assert.deepEqual(all(reader), ["begin"]);
    assert.deepEqual(all(open(position)), ["begin"]);
    assert.deepEqual(all(open(reader.position)), []);
  });

  it("a new reader goes on at a position, whatever the file is called by now", () => {
    writeFileSync(current, logText(["a", "b", "c"]));
    const { offset, file } = everything(open())[1]!;
    renameSync(current, join(directory, "0.log.20260101-000001"));
    writeFileSync(current, logText(["d"], { from: 10 }));
    assert.deepEqual(all(open({ file, offset })), ["b", "c", "d"]);
    rmSync(join(directory, "0.log.20260101-000001"));
    assert.deepEqual(all(open({ file, offset })), ["d"], "that file is gone");
  });

  it("read() begins anew with a file that was emptied in place, also when the clock was set back", () => {
    writeFileSync(current, logText(["a", "b"], { from: 100 }));
    const reader = open();
    assert.deepEqual(all(reader), ["a", "b"]);
    truncateSync(current);
    appendFileSync(current, logText(["c"], { from: 1 }));
    assert.deepEqual(all(reader), ["c"]);
  });

  it("read() reads what is left of a file that was deleted, and finish() gives the beginning of a line too", () => {
    mkdirSync(join(directory, "gone"));
    const path = join(directory, "gone", "0.log");
    writeFileSync(path, logText(["a"]));
    const reader = new RunReader({
      directory: join(directory, "gone"),
      restart: "0",
      buffer: Buffer.alloc(4096),
    });
    readers.push(reader);
    assert.deepEqual(all(reader), ["a"]);
    appendFileSync(path, `${logText(["b"], { from: 1 })}2026-01-01T00:00:09.000000001Z stdout P cut\n`);
    rmSync(join(directory, "gone"), { recursive: true });
    assert.deepEqual(texts(reader.finish()), ["b", "cut"]);
  });

  it("read() cuts a line without an end, and passes over what is no log line", () => {
    writeFileSync(
      current,
      `${logText(["a"])}nonsense\n${logText(["b".repeat(9000)], { from: 1 })}${logText(["c"], { from: 2 })}`,
    );
    const lines = all(open(undefined, 4096));
    assert.equal(lines[0], "a");
    assert.match(lines[1]!, /^b{4000,}$/);
    assert.ok(lines.at(-1) === "c");
  });
});

function everything(reader: RunReader): CollectedLine[] {
  const lines: CollectedLine[] = [];
  for (let more = reader.read(); more.length > 0; more = reader.read()) lines.push(...more);
  return lines;
}

const texts = (lines: readonly CollectedLine[]): string[] => lines.map(({ line }) => line);
