import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";

/** Lists of this many items and more are written piece by piece. */
export const STREAMED_ITEMS = 1000;
const ITEMS_A_PIECE = 200;

/** A list as JSON, made while it is sent: others have their turn between two pieces, and no string holds all of it. */
export function streamList(
  head: { kind: string; apiVersion: string; metadata: object },
  items: readonly object[],
): Readable {
  return Readable.from(pieces(head, items), { objectMode: false, highWaterMark: 256 * 1024 });
}

async function* pieces(head: object, items: readonly object[]): AsyncIterable<Buffer> {
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`);
  for (let start = 0; start < items.length; start += ITEMS_A_PIECE) {
    const piece = items
      .slice(start, start + ITEMS_A_PIECE)
      .map((item) => JSON.stringify(item))
      .join(",");
    yield Buffer.from(start === 0 ? piece : `,${piece}`);
    await nextTurn();
  }
  yield Buffer.from("]}\n");
}
