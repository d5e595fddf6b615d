import type { CollectedLine, LogPosition } from "@jdos/api";
import type { ContainerLogLine } from "@jdos/component-base";
import { normalTime } from "../time.ts";

/** A line longer than this is kept as several. */
export const MAX_LINE_BYTES = 256 * 1024;
/** What may wait behind a line whose end has not been written yet. */
const MAX_WAITING_BYTES = 1024 * 1024;

interface OpenLine {
  readonly start: LogPosition;
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  readonly parts: Buffer[];
  bytes: number;
  done: boolean;
}

/**
 * Makes lines of what a container wrote of the parts that the runtime cut them into. They come out in the order in which
 * they began: one whose end is missing holds back those after it, so that a position is enough to read on from.
 */
export class LineJoiner {
  readonly #queue: OpenLine[] = [];
  readonly #open = new Map<string, OpenLine>();
  #waitingBytes = 0;
  #end: LogPosition | undefined;

  /** Where to read on from once all that came out is kept. */
  get position(): LogPosition | undefined {
    return this.#queue[0]?.start ?? this.#end;
  }

  /** Takes the next line of the file, which begins at `start` and ends before `end`. */
  add(part: ContainerLogLine, { start, end }: { start: LogPosition; end: LogPosition }): void {
    this.#end = end;
    const time = normalTime(part.time);
    if (time === undefined || (part.stream !== "stdout" && part.stream !== "stderr")) return;
    let line = this.#open.get(part.stream);
    if (line === undefined) {
      line = { start, time, stream: part.stream, parts: [], bytes: 0, done: false };
      this.#queue.push(line);
    }
    // What was read is reused for what is read next.
    line.parts.push(Buffer.from(part.content));
    line.bytes += part.content.length;
    this.#waitingBytes += part.content.length;
    line.done = !part.partial || line.bytes >= MAX_LINE_BYTES;
    if (line.done) this.#open.delete(part.stream);
    else this.#open.set(part.stream, line);
  }

  /** The lines that are whole. */
  take(): CollectedLine[] {
    const lines: CollectedLine[] = [];
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      if (!head.done && this.#waitingBytes < MAX_WAITING_BYTES) break;
      lines.push(this.#close(head));
    }
    return lines;
  }

  /** Everything, whole or not: nothing more will be written. */
  takeAll(): CollectedLine[] {
    return [...this.#queue].map((line) => this.#close(line));
  }

  #close(line: OpenLine): CollectedLine {
    this.#queue.shift();
    if (this.#open.get(line.stream) === line) this.#open.delete(line.stream);
    this.#waitingBytes -= line.bytes;
    const { start, time, stream, parts } = line;
    return { ...start, time, stream, line: Buffer.concat(parts).toString("utf8") };
  }
}
