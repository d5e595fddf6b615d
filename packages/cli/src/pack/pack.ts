import { createReadStream } from "node:fs";
import { lstat, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack as createPack, type Header, type Pack } from "tar-stream";
import { CliError } from "../errors.ts";
import { listFiles } from "./list-files.ts";

/** A directory's files, without those that the ignore rules leave out. */
export interface SourceDirectory {
  files: number;
  /** They as a tar that depends on names, modes and content alone. */
  read(): AsyncIterable<Buffer>;
}

/** Every entry carries this time, so that equal content gives an equal archive. */
const EPOCH = new Date(0);
/** Smaller files are read at once. */
const SMALL_BYTES = 256 * 1024;

export async function openDirectory(
  directory: string,
  variables: NodeJS.ProcessEnv = {},
): Promise<SourceDirectory> {
  const entry = await stat(directory).catch((error) => {
    throw new CliError("NotADirectory", `Cannot pack "${directory}": it does not exist`, {
      hint: "Name a directory, a git URL, or image:REFERENCE",
      cause: error,
    });
  });
  if (!entry.isDirectory())
    throw new CliError("NotADirectory", `Cannot pack "${directory}": it is not a directory`, {
      hint: "Name the directory that holds the source",
    });
  const files = await listFiles(directory, variables);
  if (files.length === 0) {
    throw new CliError(
      "NothingToPack",
      `Cannot pack "${directory}": no file is left after the ignore rules`,
      { hint: "See .gitignore and .dockerignore, or choose another directory" },
    );
  }
  return { files: files.length, read: () => tarOf(directory, files) };
}

async function* tarOf(directory: string, files: readonly string[]): AsyncGenerator<Buffer> {
  const archive = createPack();
  const written = addAll(archive, directory, files);
  written.catch((error: Error) => archive.destroy(error));
  // It is a Readable of Buffers; its types call it a stream of anything.
  yield* archive as unknown as AsyncIterable<Buffer>;
  await written;
}

async function addAll(archive: Pack, directory: string, files: readonly string[]): Promise<void> {
  for (const name of files) await addFile(archive, join(directory, name), name);
  archive.finalize();
}

async function addFile(archive: Pack, path: string, name: string): Promise<void> {
  const entry = await lstat(path);
  if (entry.isSymbolicLink()) {
    archive.entry({ name, type: "symlink", linkname: await readlink(path), mode: 0o777, mtime: EPOCH });
    return;
  }
  const mode = (entry.mode & 0o111) === 0 ? 0o644 : 0o755;
  const header = { name, size: entry.size, mode, mtime: EPOCH };
  // A file that grows while it is read would break the archive: no more than its size is taken.
  const content = (): Readable => createReadStream(path, { end: entry.size - 1 });
  if (entry.size > SMALL_BYTES) await pipeline(content(), archive.entry(header));
  else await addContent(archive, header, entry.size === 0 ? Buffer.alloc(0) : await readFile(path));
}

function addContent(
  archive: Pack,
  header: Partial<Header> & { name: string },
  content: Buffer,
): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, content, (error) => (error ? reject(error) : resolve()));
  });
}
