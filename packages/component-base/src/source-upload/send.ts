import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { SourcePart, SourceUploaded } from "@jdos/api/platform-api";
import { cut } from "./cut.ts";

const compress = promisify(gzip);

/** The platform API, as whoever sends a source reaches it. */
export interface SourceDoor {
  /** Digests of those that it has not got. */
  missing(parts: readonly SourcePart[]): Promise<readonly string[]>;
  put(part: SourcePart, gzipped: Buffer<ArrayBuffer>): Promise<unknown>;
  finish(parts: readonly SourcePart[]): Promise<SourceUploaded>;
  /** Whether a call that failed may succeed when it is made again. */
  mayPass(error: unknown): boolean;
  /** Whether `finish` was refused because a part is not there (any more). */
  isIncomplete(error: unknown): boolean;
}

export interface SendOptions {
  /** The tar from its beginning, the same bytes each time. */
  read: () => AsyncIterable<Uint8Array>;
  door: SourceDoor;
  signal: AbortSignal;
  /** Told after each batch. */
  progress?: (sent: SentSource) => void;
  /** Told of each failure that is tried again. */
  waiting?: (error: unknown) => void;
  /** How long one call is made again. Defaults to 120. */
  patienceSeconds?: number;
}

/** How much of a source has been read, and how much of that was sent. */
export interface SentSource {
  sizeBytes: number;
  parts: number;
  sentParts: number;
  /** As they travelled, compressed. */
  sentBytes: number;
}

/** Two batches are in memory at most: one is read while the one before is sent. */
const BATCH_BYTES = 16 * 1024 * 1024;
const CONNECTIONS = 4;
const MAX_ROUNDS = 3;
const PAUSE_MILLIS = { first: 200, longest: 5000 };

interface Held extends SourcePart {
  bytes: Buffer<ArrayBuffer>;
}

/**
 * Sends what the platform has not got of a source, in bounded memory. Killed at any line, what was sent is not sent
 * again by the next that sends the same content.
 */
export async function sendSource(options: SendOptions): Promise<SourceUploaded & SentSource> {
  for (let round = 1; ; round++) {
    const sent = { sizeBytes: 0, parts: 0, sentParts: 0, sentBytes: 0 };
    const parts = await sendParts(options, sent);
    try {
      return { ...sent, ...(await persist(options, () => options.door.finish(parts))) };
    } catch (error) {
      if (!options.door.isIncomplete(error) || round === MAX_ROUNDS) throw error;
    }
  }
}

async function sendParts(options: SendOptions, sent: SentSource): Promise<SourcePart[]> {
  const parts: SourcePart[] = [];
  let before: Promise<void> = Promise.resolve();
  for await (const batch of batches(cut(options.read()))) {
    for (const { digest, sizeBytes } of batch) parts.push({ digest, sizeBytes });
    await before;
    before = sendBatch(batch, options, sent);
    // What it failed with is thrown at the next turn.
    before.catch(() => {});
  }
  await before;
  return parts;
}

async function* batches(parts: AsyncIterable<Buffer<ArrayBuffer>>): AsyncGenerator<Held[]> {
  let batch: Held[] = [];
  let size = 0;
  for await (const bytes of parts) {
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    batch.push({ digest, sizeBytes: bytes.length, bytes });
    size += bytes.length;
    if (size < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}

async function sendBatch(batch: readonly Held[], options: SendOptions, sent: SentSource): Promise<void> {
  const { door } = options;
  const asked = batch.map(({ digest, sizeBytes }) => ({ digest, sizeBytes }));
  const missing = new Set(await persist(options, () => door.missing(asked)));
  // Equal parts of one batch are sent once.
  const open = [...new Map(batch.map((part) => [part.digest, part])).values()].filter(({ digest }) =>
    missing.has(digest),
  );
  const sendNext = async (): Promise<void> => {
    for (let part = open.pop(); part !== undefined; part = open.pop()) {
      const { digest, sizeBytes, bytes } = part;
      const gzipped = await compress(bytes, { level: 1 });
      await persist(options, () => door.put({ digest, sizeBytes }, gzipped));
      sent.sentParts++;
      sent.sentBytes += gzipped.length;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: CONNECTIONS }, sendNext));
  const failed = ended.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  sent.parts += batch.length;
  for (const { sizeBytes } of batch) sent.sizeBytes += sizeBytes;
  options.progress?.(sent);
}

/** Again while it may pass, for a bounded time, after pauses that no two senders share. */
async function persist<T>(
  { door, signal, waiting, patienceSeconds = 120 }: SendOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + patienceSeconds * 1000;
  for (let failures = 0; ; failures++) {
    try {
      signal.throwIfAborted();
      return await attempt();
    } catch (error) {
      if (signal.aborted || !door.mayPass(error) || performance.now() > deadline) throw error;
      waiting?.(error);
      const pause = Math.min(PAUSE_MILLIS.longest, PAUSE_MILLIS.first * 2 ** failures);
      await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
}
