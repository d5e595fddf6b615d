import { type FileHandle, open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type ContainerLogLine, parseContainerLogLine } from "@jdos/component-base";
import { rotatedLogs } from "../gc/log-rotation.ts";

export interface LogQuery {
  readonly follow: boolean;
  /** The last lines only; undefined: all. */
  readonly tailLines?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly timestamps: boolean;
  readonly limitBytes?: number | undefined;
  /** One of the streams; undefined: both. */
  readonly stream?: "stdout" | "stderr" | undefined;
}

export interface LogSource {
  readonly path: string;
  /** False once the container has ended: nothing more is written. */
  isOpen(): boolean;
}

const CHUNK_BYTES = 64 * 1024;
const POLL_MS = 100;

/** A container's log as `kubectl logs` shows it, across rotation; ends when the container does or the signal fires. */
export async function* readContainerLog(
  source: LogSource,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = query.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const line of selectLines(source, query, signal)) {
    const whole = format(line, query.timestamps);
    if (whole.length >= left) {
      yield whole.subarray(0, left);
      return;
    }
    left -= whole.length;
    yield whole;
  }
}

async function* selectLines(
  source: LogSource,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<ContainerLogLine> {
  const files = query.tailLines === 0 ? [] : await rotatedLogs(source.path);
  let skip = 0;
  if (query.tailLines !== undefined) {
    const total = await countLines([...files, source.path], query);
    skip = Math.max(0, total - query.tailLines);
  }
  let complete = true;
  for await (const line of allLines(files, source, query, signal)) {
    if (query.stream !== undefined && line.stream !== query.stream) continue;
    if (query.since !== undefined && Date.parse(line.time) < query.since) continue;
    if (skip > 0) {
      // A long line written in parts counts as one.
      if (!line.partial) skip--;
      continue;
    }
    complete = !line.partial;
    yield line;
  }
  void complete;
}

async function countLines(paths: readonly string[], query: LogQuery): Promise<number> {
  let total = 0;
  for (const path of paths) {
    for await (const line of fileLines(path)) {
      if (line.partial) continue;
      if (query.stream !== undefined && line.stream !== query.stream) continue;
      if (query.since === undefined || Date.parse(line.time) >= query.since) total++;
    }
  }
  return total;
}

async function* allLines(
  rotated: readonly string[],
  source: LogSource,
  query: LogQuery,
  signal: AbortSignal,
) {
  for (const path of rotated) yield* fileLines(path);
  if (!query.follow) yield* fileLines(source.path);
  else yield* followFile(source, signal);
}

async function* fileLines(path: string): AsyncGenerator<ContainerLogLine> {
  const file = await openIfThere(path);
  if (file === undefined) return;
  try {
    const reader = new LineReader(file);
    yield* reader.lines();
  } finally {
    await file.close();
  }
}

/** Reads on as the file grows; when it was rotated away, the rest of it and then its successor. */
async function* followFile(source: LogSource, signal: AbortSignal): AsyncGenerator<ContainerLogLine> {
  let file = await openIfThere(source.path);
  try {
    let reader = file === undefined ? undefined : new LineReader(file);
    while (!signal.aborted) {
      const open = source.isOpen();
      if (reader !== undefined) yield* reader.lines();
      if (file === undefined || (await rotatedAway(file, source.path))) {
        const next = await openIfThere(source.path);
        if (next !== undefined) {
          if (reader !== undefined) yield* reader.lines();
          await file?.close();
          file = next;
          reader = new LineReader(next);
          continue;
        }
      }
      if (!open) return;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await file?.close();
  }
}

async function rotatedAway(file: FileHandle, path: string): Promise<boolean> {
  const [mine, current] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
  return current !== undefined && current.ino !== mine.ino;
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Hands out the complete lines there are; what is left of an unfinished one waits for the next call. */
class LineReader {
  readonly #file: FileHandle;
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async *lines(): AsyncGenerator<ContainerLogLine> {
    for (;;) {
      const { bytesRead, buffer } = await this.#file.read(
        Buffer.allocUnsafe(CHUNK_BYTES),
        0,
        CHUNK_BYTES,
        null,
      );
      if (bytesRead === 0) return;
      const chunk = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
        const line = parseContainerLogLine(chunk.subarray(start, end));
        start = end + 1;
        if (line !== undefined) yield line;
      }
      this.#rest = Buffer.from(chunk.subarray(start));
    }
  }
}

const NEWLINE = Buffer.from("\n");

function format(line: ContainerLogLine, timestamps: boolean): Buffer {
  const parts = timestamps ? [Buffer.from(`${line.time} `), line.content] : [line.content];
  return Buffer.concat(line.partial ? parts : [...parts, NEWLINE]);
}
