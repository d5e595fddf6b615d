import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { normalTime } from "../time.ts";

/** One file of a run's log. */
export interface LogFile {
  readonly name: string;
  /** The time of its first line: what it is known by, under any name. */
  readonly id: string;
  /** How many bytes from the offset on were put into the buffer. */
  read(buffer: Buffer, offset: number): number;
  /** Whether more may come: it stands under its name yet, and is no shorter than what was read of it. */
  isCurrent(path: string, offset: number): boolean;
  close(): void;
}

const HEAD_BYTES = 64;
/** Larger than any runtime lets a log grow that is then packed. */
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024;

/**
 * Names of the files of a run, in the order in which they were written: "0.log.20260102-030405.gz", "0.log.20260102-040506",
 * "0.log". Source: the kubelet's log rotation, which packs all but the youngest that was moved aside.
 */
export function logFileNames(directory: string, restart: string): string[] {
  const prefix = `${restart}.log.`;
  const names = entriesOf(directory);
  const aside = names.filter((name) => name.startsWith(prefix) && !name.endsWith(".tmp")).sort();
  // The packed one is there before its origin goes: they are one file.
  const rotated = aside.filter((name) => !name.endsWith(".gz") || !aside.includes(name.slice(0, -3)));
  return names.includes(`${restart}.log`) ? [...rotated, `${restart}.log`] : rotated;
}

/** Empty for a directory that is not there. */
export function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** Undefined when it is gone, has no line yet, or was packed and cannot be unpacked. */
export function openLogFile(directory: string, name: string): LogFile | undefined {
  try {
    return name.endsWith(".gz") ? openPacked(directory, name) : openPlain(directory, name);
  } catch (error) {
    if (isGone(error) || isBroken(error)) return undefined;
    throw error;
  }
}

function openPlain(directory: string, name: string): LogFile | undefined {
  const fd = openSync(join(directory, name), "r");
  const head = Buffer.alloc(HEAD_BYTES);
  const id = idOf(head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0)));
  if (id === undefined) {
    closeSync(fd);
    return undefined;
  }
  const inode = fstatSync(fd).ino;
  return {
    name,
    id,
    read: (buffer, offset) => readSync(fd, buffer, 0, buffer.length, offset),
    isCurrent(path, offset) {
      const found = statSync(path, { throwIfNoEntry: false });
      // Between the move aside and the next file there is none.
      return found === undefined || (found.ino === inode && found.size >= offset);
    },
    close: () => closeSync(fd),
  };
}

function openPacked(directory: string, name: string): LogFile | undefined {
  const content = gunzipSync(readFileSync(join(directory, name)), { maxOutputLength: MAX_UNPACKED_BYTES });
  const id = idOf(content.subarray(0, HEAD_BYTES));
  if (id === undefined) return undefined;
  return {
    name,
    id,
    read: (buffer, offset) => content.copy(buffer, 0, offset),
    isCurrent: () => false,
    close() {},
  };
}

function idOf(head: Buffer): string | undefined {
  const end = head.indexOf(0x20);
  return end < 0 ? undefined : normalTime(head.toString("latin1", 0, end));
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Source: Node, errors of zlib. */
function isBroken(error: unknown): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return code.startsWith("Z_") || code === "ERR_BUFFER_TOO_LARGE";
}
