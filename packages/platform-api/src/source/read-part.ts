import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { MAX_SOURCE_PART_BYTES } from "@jdos/api";
import { PlatformError } from "../errors.ts";

const unpack = promisify(gunzip);
/** A part that its sender does not go on with in this time is given up, and its place with it. */
const SILENCE_MILLIS = 20_000;
const WHOLE_MILLIS = 120_000;

/** The bytes of a part, unpacked and checked against their digest; a part is small enough for memory. */
export async function readPart(body: IncomingMessage, digest: string): Promise<Buffer> {
  const sent = await readBounded(body);
  const bytes = body.headers["content-encoding"] === "gzip" ? await unpackBounded(sent) : sent;
  const actual = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (actual === digest) return bytes;
  throw new PlatformError("DigestMismatch", `Cannot take a part of the source: it is not ${digest}`, {
    hint: `What came is ${actual}`,
  });
}

async function readBounded(body: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const giveUp = (): void => void body.destroy(new Error("it stopped on the way"));
  const whole = setTimeout(giveUp, WHOLE_MILLIS);
  let silence = setTimeout(giveUp, SILENCE_MILLIS);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      clearTimeout(silence);
      silence = setTimeout(giveUp, SILENCE_MILLIS);
      size += chunk.length;
      // What does not shrink grows a little.
      if (size > MAX_SOURCE_PART_BYTES + 64 * 1024) throw partTooLarge();
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof PlatformError) throw cause;
    throw new PlatformError("Timeout", `Cannot take a part of the source: ${(cause as Error).message}`, {
      hint: "Send it again",
      cause,
    });
  } finally {
    clearTimeout(whole);
    clearTimeout(silence);
  }
  return Buffer.concat(chunks);
}

async function unpackBounded(sent: Buffer): Promise<Buffer> {
  try {
    return await unpack(sent, { maxOutputLength: MAX_SOURCE_PART_BYTES });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw partTooLarge();
    throw new PlatformError(
      "BadRequest",
      "Cannot take a part of the source: it is not the gzip it says it is",
      {
        hint: "Send it without content-encoding, or as gzip",
        cause,
      },
    );
  }
}

function partTooLarge(): PlatformError {
  return new PlatformError(
    "TooLarge",
    `Cannot take a part of the source: it is larger than ${MAX_SOURCE_PART_BYTES / 1024 / 1024} MiB`,
    { hint: "Cut the source into smaller parts" },
  );
}
