import { createWriteStream } from "node:fs";
import { link, lstat, mkdir, symlink } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import { ImageBuilderError } from "../errors.ts";

export interface UnpackOptions {
  /** An empty directory. */
  directory: string;
  /** Of all files together. Defaults to 2 GiB. */
  maxBytes?: number;
  /** Defaults to 200,000. */
  maxEntries?: number;
}

const DEFAULT_MAX_BYTES = 2 * 1024 ** 3;
const DEFAULT_MAX_ENTRIES = 200_000;
/** What an entry takes beside its content. */
const ENTRY_BYTES = 2048;
/** Source: limits.h, PATH_MAX. */
const MAX_NAME = 4096;

/**
 * Unpacks a tar into an empty directory. Nothing is written outside it, whatever the archive says: paths are
 * taken apart, links may only point inwards, no entry goes through a link, and devices and the like are refused.
 */
export async function unpack(
  archive: Readable,
  options: UnpackOptions,
): Promise<{ files: number; sizeBytes: number }> {
  const { directory, maxBytes = DEFAULT_MAX_BYTES, maxEntries = DEFAULT_MAX_ENTRIES } = options;
  const tar = extract();
  const state = { files: 0, entries: 0, sizeBytes: 0, directories: new Set<string>([""]) };
  // Headers and padding beside the files; without a bound a few MiB unpack to hours of nothing.
  const bounded = atMost(
    maxBytes + maxEntries * ENTRY_BYTES,
    `more than ${Math.floor(maxBytes / 1024 ** 2)} MiB`,
  );
  // tar-stream has streams of its own, which Node pipes into and its types do not know.
  const fed = pipeline(archive, bounded, tar as unknown as NodeJS.WritableStream);
  // An error in the feeding surfaces in the loop below; this keeps it from counting as unhandled meanwhile.
  fed.catch(() => {});
  try {
    for await (const entry of tar) {
      const { header } = entry;
      state.entries++;
      state.sizeBytes += header.size ?? 0;
      if (state.sizeBytes > maxBytes) throw tooLarge(`more than ${Math.floor(maxBytes / 1024 ** 2)} MiB`);
      if (state.entries > maxEntries) throw tooLarge(`more than ${maxEntries} files`);
      const path = safePath(header.name);
      if (path !== "") {
        if (
          await write(directory, path, {
            header,
            content: entry as unknown as Readable,
            directories: state.directories,
          })
        )
          state.files++;
      }
      entry.resume();
    }
    await fed;
  } catch (error) {
    if (error instanceof ImageBuilderError) throw error;
    throw new ImageBuilderError("BundleCorrupt", `Cannot unpack the source: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return { files: state.files, sizeBytes: state.sizeBytes };
}

/** Hands on a stream up to a number of bytes. */
function atMost(bytes: number, what: string) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let sum = 0;
    for await (const chunk of source) {
      sum += chunk.length;
      if (sum > bytes) throw tooLarge(what);
      yield chunk;
    }
  };
}

interface Entry {
  header: Header;
  content: Readable;
  directories: Set<string>;
}

/** True when it wrote a file or a link. */
async function write(root: string, path: string, { header, content, directories }: Entry): Promise<boolean> {
  const full = join(root, path);
  if (header.type === "directory") {
    await makeDirectories(root, path, directories);
    return false;
  }
  await makeDirectories(root, parentOf(path), directories);
  switch (header.type) {
    case "file":
    case "contiguous-file":
      // "wx": a file is never written through a link that an earlier entry made.
      await pipeline(
        content,
        createWriteStream(full, { flags: "wx", mode: (header.mode ?? 0) & 0o111 ? 0o755 : 0o644 }),
      );
      return true;
    case "symlink":
      checkTarget(path, header.linkname ?? "");
      await symlink(header.linkname ?? "", full);
      return true;
    case "link": {
      const target = safePath(header.linkname ?? "");
      await makeDirectories(root, parentOf(target), directories);
      const stats = await lstat(join(root, target)).catch(() => undefined);
      if (stats?.isFile() !== true) throw refused(`"${path}" links to "${target}", which is no file in it`);
      await link(join(root, target), full);
      return true;
    }
    default:
      throw refused(`"${path}" is a ${header.type}, and only files, directories and links are taken`);
  }
}

/** The path within the directory: relative, without "." and "..". */
function safePath(name: string): string {
  if (name.length > MAX_NAME) throw refused("a name is longer than a path may be");
  if (name.includes("\0")) throw refused("a name holds a NUL byte");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || parts.includes("..")) throw refused(`"${name}" lies outside of it`);
  return parts.join("/");
}

/** Makes a directory and those above it; one that is a link or a file already is refused. */
async function makeDirectories(root: string, path: string, known: Set<string>): Promise<void> {
  if (known.has(path)) return;
  await makeDirectories(root, parentOf(path), known);
  try {
    await mkdir(join(root, path), { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (!(await lstat(join(root, path))).isDirectory())
      throw refused(`"${path}" is used as a directory and is none`);
  }
  known.add(path);
}

function parentOf(path: string): string {
  const parent = dirname(path);
  return parent === "." ? "" : parent;
}

/**
 * A link may climb only at its beginning, and not out of the directory. Its own parents are real directories, so
 * what the text says is where it leads.
 */
function checkTarget(path: string, target: string): void {
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const climbs = parts.findIndex((part) => part !== "..");
  const leading = climbs === -1 ? parts.length : climbs;
  const depth = posix.normalize(path).split("/").length - 1;
  if (target.startsWith("/") || leading > depth || parts.slice(leading).includes(".."))
    throw refused(`"${path}" is a link to "${target}", which lies outside of it`);
}

function refused(why: string): ImageBuilderError {
  return new ImageBuilderError("SourceRefused", `Cannot unpack the source: ${why}`, {
    hint: "Take that file out of the directory and deploy again",
  });
}

function tooLarge(why: string): ImageBuilderError {
  return new ImageBuilderError("SourceTooLarge", `Cannot unpack the source: it has ${why}`, {
    hint: "Leave out what is not source with a .dockerignore or .gitignore file",
  });
}
