import { join } from "node:path";
import type { CollectedLine, LogPosition } from "@jdos/api";
import { parseContainerLogLine } from "@jdos/component-base";
import { LineJoiner } from "./line-joiner.ts";
import { type LogFile, logFileNames, openLogFile } from "./log-files.ts";

export interface RunReaderOptions {
  /** Of the container: its log files. */
  directory: string;
  /** "0.log" is of restart "0". */
  restart: string;
  /** Where an earlier reader stood. Defaults to the beginning of the oldest file. */
  from?: LogPosition | undefined;
  /** Read into; readers that take turns may share it. No longer line is read in one piece. */
  buffer: Buffer;
}

const NEWLINE = 0x0a;

/**
 * Reads the log files of one run one after another, across rotation, to the end of what is written. It holds the file
 * open that is being written: what is deleted under it can be read yet.
 */
export class RunReader {
  readonly #options: RunReaderOptions;
  readonly #joiner = new LineJoiner();
  #file: LogFile | undefined;
  #at: LogPosition | undefined;

  constructor(options: RunReaderOptions) {
    this.#options = options;
    this.#at = options.from;
    this.#openNext();
  }

  /** Where to read on from once all lines that came out are kept; undefined before the first. */
  get position(): LogPosition | undefined {
    return this.#joiner.position ?? this.#at;
  }

  /** The next lines; empty when there are none for now. */
  read(): CollectedLine[] {
    for (;;) {
      const isMore = this.#advance();
      const lines = this.#joiner.take();
      if (lines.length > 0 || !isMore) return lines;
    }
  }

  /** What is left when nothing more will be written, the beginnings of lines too. */
  finish(): CollectedLine[] {
    const lines: CollectedLine[] = [];
    for (let more = this.read(); more.length > 0; more = this.read()) lines.push(...more);
    return [...lines, ...this.#joiner.takeAll()];
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** False when nothing is left to read for now. */
  #advance(): boolean {
    if (this.#file === undefined && !this.#openNext()) return false;
    if (this.#readOn()) return true;
    if (!this.#isFinished()) return false;
    // What was written between the last read and the look at its name is of the old file.
    return this.#readOn() || this.#openNext();
  }

  /** Takes up to a buffer of lines; false when there is no whole one. */
  #readOn(): boolean {
    if (this.#file === undefined || this.#at === undefined) return false;
    const { buffer } = this.#options;
    const { file, offset } = this.#at;
    const filled = this.#file.read(buffer, offset);
    const bytes = buffer.subarray(0, filled);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#take(bytes.subarray(start, end), offset + start, offset + end + 1);
      start = end + 1;
    }
    if (start === 0 && filled === buffer.length) {
      this.#take(bytes, offset, offset + filled);
      start = filled;
    }
    this.#at = { file, offset: offset + start };
    return start > 0;
  }

  #take(text: Buffer, start: number, end: number): void {
    const file = this.#at!.file;
    const part = parseContainerLogLine(text);
    if (part !== undefined)
      this.#joiner.add(part, { start: { file, offset: start }, end: { file, offset: end } });
  }

  #isFinished(): boolean {
    const { directory, restart } = this.#options;
    return this.#file?.isCurrent(join(directory, `${restart}.log`), this.#at?.offset ?? 0) === false;
  }

  /** Goes to the file after the one that was read; false when there is none. */
  #openNext(): boolean {
    const { directory, restart } = this.#options;
    const found = this.#following(logFileNames(directory, restart));
    if (found === undefined) return false;
    this.#file?.close();
    this.#file = found;
    if (this.#at?.file !== found.id) this.#at = { file: found.id, offset: 0 };
    return true;
  }

  /** Files are in the order of their names; of one that is gone the time of its first line says which come after. */
  #following(names: readonly string[]): LogFile | undefined {
    const { directory, restart } = this.#options;
    const known = this.#at?.file;
    const resuming = this.#file === undefined;
    let next: LogFile | undefined;
    for (const name of names.toReversed()) {
      const file = openLogFile(directory, name);
      if (file === undefined) continue;
      if (file.id === known) {
        if (resuming) {
          next?.close();
          return file;
        }
        file.close();
        return next;
      }
      // The clock may have been set back: what is being written is read in any case.
      if (known !== undefined && file.id < known && name !== `${restart}.log`) {
        file.close();
        return next;
      }
      next?.close();
      next = file;
    }
    return next;
  }
}
