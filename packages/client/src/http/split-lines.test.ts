import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { splitLines } from "./split-lines.ts";

async function lines(...chunks: string[]): Promise<string[]> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk, "latin1");
  }
  return Array.fromAsync(splitLines(source()));
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
});
