import assert from "node:assert/strict";
import { createCipheriv, createHash } from "node:crypto";
import { describe, it } from "node:test";
import { MAX_SOURCE_PART_BYTES } from "@jdos/api";
import { cut } from "./cut.ts";

const MIB = 1024 * 1024;

/** Bytes that look random and are the same each time. */
function noise(size: number, seed: string): Buffer {
  return createCipheriv("aes-128-ctr", seed.padEnd(16), Buffer.alloc(16)).update(Buffer.alloc(size));
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const partsOf = async (bytes: Buffer, pieces = 64 * 1024): Promise<Buffer[]> =>
  Array.fromAsync(cut(inPieces(bytes, pieces)));
const digests = (parts: readonly Buffer[]): string[] =>
  parts.map((part) => createHash("sha256").update(part).digest("hex"));

describe("cut()", () => {
  const content = noise(24 * MIB, "a");

  it("gives back all bytes in parts of bounded size, whatever the pieces they come in", async () => {
    const parts = await partsOf(content);
    assert.ok(Buffer.concat(parts).equals(content));
    assert.ok(parts.every((part) => part.length <= MAX_SOURCE_PART_BYTES));
    assert.ok(parts.slice(0, -1).every((part) => part.length >= 512 * 1024));
    assert.ok(parts.length > 12 && parts.length < 48, `${parts.length} parts`);
    for (const size of [511, 65_537, content.length])
      assert.deepEqual(digests(await partsOf(content, size)), digests(parts));
  });

  it("changes the parts around a change alone, also where bytes are put in or taken out", async () => {
    const before = new Set(digests(await partsOf(content)));
    const at = 9 * MIB + 17;
    const changes = {
      changed: Buffer.concat([content.subarray(0, at), Buffer.from("x"), content.subarray(at + 1)]),
      longer: Buffer.concat([content.subarray(0, at), noise(3000, "b"), content.subarray(at)]),
      shorter: Buffer.concat([content.subarray(0, at), content.subarray(at + 700)]),
    };
    for (const [what, bytes] of Object.entries(changes)) {
      const fresh = digests(await partsOf(bytes)).filter((digest) => !before.has(digest));
      assert.ok(fresh.length >= 1 && fresh.length <= 4, `${what}: ${fresh.length} new parts`);
    }
  });

  it("bounds parts of what never says where to cut, and gives none for nothing", async () => {
    assert.deepEqual(
      (await partsOf(Buffer.alloc(9 * MIB))).map((part) => part.length / MIB),
      [4, 4, 1],
    );
    assert.deepEqual(await partsOf(Buffer.alloc(0)), []);
  });
});
