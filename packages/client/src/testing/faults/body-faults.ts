import type { BodyFault } from "./faulty-proxy.ts";

/** Passes `count` lines of a body, then gives `then` in place of the rest; `then` may throw, which cuts. */
export function afterLines(count: number, then: () => AsyncIterable<Buffer | string>): BodyFault {
  return async function* (chunks) {
    let left = count;
    for await (const chunk of count === 0 ? [] : chunks) {
      let end = 0;
      while (left > 0 && chunk.indexOf(10, end) >= 0) {
        end = chunk.indexOf(10, end) + 1;
        left--;
      }
      yield left > 0 ? chunk : chunk.subarray(0, end);
      if (left === 0) break;
    }
    yield* then();
  };
}

/** Passes `bytes` bytes; then the body ends in order, or the connection breaks. */
export function afterBytes(bytes: number, { cut }: { cut: boolean }): BodyFault {
  return async function* (chunks) {
    let left = bytes;
    for await (const chunk of chunks) {
      yield chunk.subarray(0, left);
      left -= chunk.length;
      if (left <= 0) break;
    }
    if (cut) throw new Error("cut");
  };
}

/** In pieces, with a pause before each. */
export function trickle(pieces: number, pauseMillis: number): BodyFault {
  return async function* (chunks) {
    const all = Buffer.concat(await Array.fromAsync(chunks));
    const size = Math.ceil(all.length / pieces);
    for (let start = 0; start < all.length; start += size) {
      await new Promise((resolve) => setTimeout(resolve, pauseMillis));
      yield all.subarray(start, start + size);
    }
  };
}
