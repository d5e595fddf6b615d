import { createReadStream, createWriteStream } from "node:fs";
import { lstat, mkdtemp, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack as createPack, type Pack } from "tar-stream";
import { CliError } from "../errors.ts";
import { listFiles } from "./list-files.ts";

/** A directory as one archive in a temporary file. */
export interface PackedSource {
  path: string;
  files: number;
  sizeBytes: number;
  remove(): Promise<void>;
}

/** Every entry carries this time, so that equal content gives an equal archive. */
const EPOCH = new Date(0);

/** Packs a directory into a tar.gz that depends on names, modes and content alone. */
export async function packDirectory(
  directory: string,
  variables: NodeJS.ProcessEnv = {},
): Promise<PackedSource> {
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
  const scratch = await mkdtemp(join(tmpdir(), "jdos-source-"));
  const path = join(scratch, "source.tar.gz");
  const remove = (): Promise<void> => rm(scratch, { recursive: true, force: true });
  try {
    const archive = createPack();
    const written = pipeline(archive, createGzip({ level: 6 }), createWriteStream(path));
    await Promise.all([written, addAll(archive, directory, files)]);
    return { path, files: files.length, sizeBytes: (await stat(path)).size, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function addAll(archive: Pack, directory: string, files: readonly string[]): Promise<void> {
  for (const name of files) await addFile(archive, directory, name);
  archive.finalize();
}

async function addFile(archive: Pack, directory: string, name: string): Promise<void> {
  const path = join(directory, name);
  const entry = await lstat(path);
  if (entry.isSymbolicLink()) {
    archive.entry({ name, type: "symlink", linkname: await readlink(path), mode: 0o777, mtime: EPOCH });
    return;
  }
  const mode = (entry.mode & 0o111) === 0 ? 0o644 : 0o755;
  const header = { name, size: entry.size, mode, mtime: EPOCH };
  // A file that grows while it is read would break the archive: no more than its size is taken.
  if (entry.size === 0) archive.entry(header, "");
  else await pipeline(createReadStream(path, { end: entry.size - 1 }), archive.entry(header));
}
