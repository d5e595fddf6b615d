import { MAX_SOURCE_PART_BYTES } from "@jdos/api/platform-api";

const MIN_BYTES = 512 * 1024;
const MAX_BYTES = MAX_SOURCE_PART_BYTES;
/** A hash is of the last 32 bytes, for each byte moves the older ones up by a bit. */
const WINDOW = 32;
/** 19 bits that are all zero once in 512 KiB: with the least length, parts are about 1 MiB. */
const MASK = 0xffffe000 | 0;
const GEAR = gearTable();

/**
 * Cuts a stream where its content says, whatever the pieces it comes in: bytes that are put in or taken out change
 * the parts around them alone. Source: gear hashing, as in FastCDC (Xia et al., USENIX ATC 2016).
 */
export async function* cut(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer<ArrayBuffer>> {
  const part = Buffer.allocUnsafeSlow(MAX_BYTES);
  let length = 0;
  let hash = 0;
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.length; ) {
      const found = boundary(chunk, { from, length, hash });
      part.set(chunk.subarray(from, found.end), length);
      length += found.end - from;
      from = found.end;
      hash = found.hash;
      if (!found.isCut) continue;
      yield Buffer.from(part.subarray(0, length));
      length = 0;
      hash = 0;
    }
  }
  if (length > 0) yield Buffer.from(part.subarray(0, length));
}

interface Place {
  from: number;
  /** Of the part so far. */
  length: number;
  hash: number;
}

/** Where the part ends within a chunk, or the chunk itself does. */
function boundary(chunk: Uint8Array, { from, length, hash }: Place) {
  const end = Math.min(chunk.length, from + MAX_BYTES - length);
  const hashFrom = Math.max(from, from + MIN_BYTES - WINDOW - length);
  const cutFrom = from + MIN_BYTES - length;
  let value = hash;
  for (let at = hashFrom; at < end; at++) {
    value = ((value << 1) + GEAR[chunk[at]!]!) | 0;
    if ((value & MASK) === 0 && at >= cutFrom) return { end: at + 1, hash: value, isCut: true };
  }
  return { end, hash: value, isCut: end - from + length === MAX_BYTES };
}

/** 256 numbers that never change: where a source is cut depends on them. Source: xorshift32 (Marsaglia 2003). */
function gearTable(): Int32Array {
  let state = 0x6a_64_6f_73;
  return Int32Array.from({ length: 256 }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}
