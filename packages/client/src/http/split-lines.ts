/** The lines of a byte stream, without their ends; a last line that is not ended is dropped. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let partial: Buffer[] = [];
  for await (const bytes of chunks) {
    const chunk = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end);
      const line =
        partial.length === 0 ? piece.toString("utf8") : Buffer.concat([...partial, piece]).toString("utf8");
      partial = [];
      start = end + 1;
      if (line !== "") yield line;
    }
    if (start < chunk.length) partial.push(chunk.subarray(start));
  }
}
