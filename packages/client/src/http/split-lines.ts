import { garbled } from "./decode.ts";

/** The API server takes no object of more than a few MiB: a line longer than this is not one of its events. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/**
 * The lines of a byte stream, without their ends; empty ones and a last one that is not ended are dropped.
 * @throws GarbledError for a line longer than any event
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  { maxLineBytes = MAX_LINE_BYTES }: { maxLineBytes?: number } = {},
): AsyncGenerator<Buffer> {
  let partial: Buffer[] = [];
  let partialBytes = 0;
  for await (const bytes of chunks) {
    const chunk = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end);
      const line = partial.length === 0 ? piece : Buffer.concat([...partial, piece]);
      partial = [];
      partialBytes = 0;
      start = end + 1;
      if (line.length > 0) yield line;
    }
    if (start === chunk.length) continue;
    partial.push(chunk.subarray(start));
    partialBytes += chunk.length - start;
    if (partialBytes > maxLineBytes) throw garbled("watch", `a line is longer than ${maxLineBytes} bytes`);
  }
}
