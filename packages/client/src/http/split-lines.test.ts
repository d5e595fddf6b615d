import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { splitLines } from "./split-lines.ts";

async function* source(chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk, "latin1");
}

async function lines(...chunks: string[]): Promise<string[]> {
  return (await Array.fromAsync(splitLines(source(chunks)))).map((line) => line.toString("utf8"));
}

describe("splitLines", () => {
  it("splitLines() joins what chunks cut, even inside a character", async () => {
    const bytes = Buffer.from('{"a":"é"}\n').toString("latin1");
    for (let cut = 1; cut < bytes.length; cut++) {
      assert.deepEqual(await lines(bytes.slice(0, cut), bytes.slice(cut)), ['{"a":"é"}']);
    }
  });

  it("splitLines() gives several lines of one chunk, and drops one that is not ended", async () => {
    assert.deepEqual(await lines("a\nb\n\nc", "d\ne"), ["a", "b", "cd"]);
  });

  it("splitLines() throws Garbled for a line that does not end, rather than keep it all", async () => {
    const reading = Array.fromAsync(splitLines(source(["a\nbbbb", "bbbb", "bbbb"]), { maxLineBytes: 10 }));
    await assert.rejects(reading, { code: "Garbled" });
  });
});
