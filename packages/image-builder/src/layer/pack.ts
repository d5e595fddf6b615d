import { createHash } from "node:crypto";
import { constants, createWriteStream } from "node:fs";
import { lstat, open, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Header, type Pack, pack } from "tar-stream";
import { tap } from "./tap.ts";

export interface PackOptions {
  /** What is packed. */
  directory: string;
  /** Where it stands in the image, without a leading "/": app */
  prefix: string;
  /** The layer, gzipped. */
  file: string;
  /** True for a path (relative to the directory) that stays out, with all below it. */
  exclude?: (path: string) => boolean;
  /** Owner of everything. Defaults to 1000. */
  uid?: number;
}

export interface PackedLayer {
  /** Of the gzipped tar. */
  digest: string;
  size: number;
  /** Of the tar. */
  diffId: string;
}

/** Fast, and within a few per cent of the default. */
const LEVEL = 4;

/** Packs a directory as a layer. The same files give the same bytes, whenever and wherever they are packed. */
export async function packLayer({
  directory,
  prefix,
  file,
  exclude = () => false,
  uid = 1000,
}: PackOptions): Promise<PackedLayer> {
  const tar = pack();
  const raw = createHash("sha256");
  const packed = createHash("sha256");
  let size = 0;
  const written = pipeline(
    tar,
    tap((chunk) => raw.update(chunk)),
    createGzip({ level: LEVEL }),
    tap((chunk) => {
      packed.update(chunk);
      size += chunk.length;
    }),
    createWriteStream(file),
  );
  const filled = fill(tar, { directory, prefix, exclude, uid }).catch((error: Error) => tar.destroy(error));
  await Promise.all([written, filled]);
  return { digest: `sha256:${packed.digest("hex")}`, size, diffId: `sha256:${raw.digest("hex")}` };
}

interface FillOptions {
  directory: string;
  prefix: string;
  exclude: (path: string) => boolean;
  uid: number;
}

async function fill(tar: Pack, { directory, prefix, exclude, uid }: FillOptions): Promise<void> {
  const owner = { uid, gid: uid, mtime: new Date(0) };
  await entry(tar, { name: `${prefix}/`, type: "directory", mode: 0o755, ...owner });
  const walk = async (at: string): Promise<void> => {
    const names = (await readdir(join(directory, at))).sort();
    for (const name of names) {
      const path = at === "" ? name : `${at}/${name}`;
      if (exclude(path)) continue;
      const full = join(directory, path);
      const stats = await lstat(full);
      const header = { name: `${prefix}/${path}`, ...owner };
      if (stats.isDirectory()) {
        await entry(tar, { ...header, name: `${header.name}/`, type: "directory", mode: 0o755 });
        await walk(path);
      } else if (stats.isSymbolicLink()) {
        await entry(tar, { ...header, type: "symlink", linkname: await readlink(full), mode: 0o777 });
      } else if (stats.isFile()) {
        const executable = (stats.mode & 0o111) !== 0;
        await entry(
          tar,
          { ...header, type: "file", mode: executable ? 0o755 : 0o644, size: stats.size },
          full,
        );
      }
    }
  };
  await walk("");
  tar.finalize();
}

/** What was a file a moment ago may be a link now: a step may have left something running. */
const PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW;
/** Files up to this are read whole: a stream for each costs more than reading it. */
const WHOLE_BYTES = 256 * 1024;

async function entry(
  tar: Pack,
  header: Partial<Header> & Pick<Header, "name">,
  file?: string,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const end = (error?: Error | null): void => (error ? done.reject(error) : done.resolve());
  if (file !== undefined && (header.size ?? 0) <= WHOLE_BYTES) {
    tar.entry(header, await readFile(file, { flag: PLAIN }), end);
  } else {
    const sink = tar.entry(header, end);
    if (file !== undefined)
      await pipeline(
        (await open(file, PLAIN)).createReadStream(),
        new PassThrough(),
        sink as unknown as NodeJS.WritableStream,
      );
  }
  await done.promise;
}
