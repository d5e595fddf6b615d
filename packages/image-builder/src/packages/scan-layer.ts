import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { extract } from "tar-stream";
import { MAX_LIST_BYTES, type Package, readerOf } from "./lists.ts";

/** What a layer says about packages. */
export interface LayerPackages {
  /** By the path of the file that lists them. */
  files: Record<string, Package[]>;
  /** Paths that the layer takes away, with all below them; "" is the whole. */
  removed: string[];
  /** Files that could not be read. */
  unread: string[];
}

/** Bounds of one layer. */
const MAX_FILES = 5000;
const MAX_REMOVED = 20_000;

/** Reads the lists of packages in a layer. Nothing of it is written anywhere. Source: OCI image specification, layers. */
export async function scanLayer(
  content: Readable,
  { mediaType, signal }: { mediaType: string; signal?: AbortSignal },
): Promise<LayerPackages> {
  const found: LayerPackages = { files: {}, removed: [], unread: [] };
  const tar = extract();
  tar.on("entry", (header, stream, next) => {
    // Told by the pipeline, which ends all of them.
    stream.on("error", () => {});
    const path = header.name.replace(/^(\.?\/)+/, "").replace(/\/$/, "");
    note(found, path);
    const read = header.type === "file" ? readerOf(path) : undefined;
    if (read === undefined) {
      // Another kind of thing in its place takes the list away.
      if (readerOf(path) !== undefined && found.removed.length < MAX_REMOVED) found.removed.push(path);
      stream.on("end", next);
      stream.resume();
      return;
    }
    if ((header.size ?? 0) > MAX_LIST_BYTES || Object.keys(found.files).length >= MAX_FILES) {
      found.unread.push(path);
      stream.on("end", next);
      stream.resume();
      return;
    }
    const chunks: Buffer[] = [];
    stream.on("data", (chunk) => chunks.push(chunk as Buffer));
    stream.on("end", async () => {
      try {
        found.files[path] = await read(Buffer.concat(chunks).toString("utf8"));
      } catch {
        found.files[path] = [];
        found.unread.push(path);
      }
      next();
    });
  });
  const unpacked = mediaType.endsWith("zstd")
    ? [createZstdDecompress()]
    : mediaType.endsWith("gzip")
      ? [createGunzip()]
      : [];
  await pipeline(
    [content, ...unpacked, tar as unknown as NodeJS.WritableStream],
    signal === undefined ? {} : { signal },
  );
  return found;
}

/** Whiteouts: `.wh.<name>` removes that, `.wh..wh..opq` what lower layers have in the directory. */
function note({ removed }: LayerPackages, path: string): void {
  const at = path.lastIndexOf("/") + 1;
  const name = path.slice(at);
  if (!name.startsWith(".wh.") || removed.length >= MAX_REMOVED) return;
  removed.push(
    name === ".wh..wh..opq" ? path.slice(0, Math.max(0, at - 1)) : path.slice(0, at) + name.slice(4),
  );
}

/** The packages of layers one over the other, sorted and each once. */
export function flatten(layers: readonly LayerPackages[]): Package[] {
  const files = new Map<string, Package[]>();
  for (const { files: own, removed } of layers) {
    for (const gone of removed)
      for (const path of [...files.keys()])
        if (gone === "" || path === gone || path.startsWith(`${gone}/`)) files.delete(path);
    for (const [path, packages] of Object.entries(own)) files.set(path, packages);
  }
  return distinct([...files.values()].flat());
}

export function distinct(packages: readonly Package[]): Package[] {
  const byKey = new Map(packages.map((each) => [keyOf(each), each]));
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

function keyOf({ type, name, version, architecture = "" }: Package): string {
  return [type, name, version, architecture].join(" ");
}
