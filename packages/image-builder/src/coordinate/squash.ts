import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { extract, type Header, type Pack, pack } from "tar-stream";
import type { PackedLayer } from "../layer/pack.ts";
import { tap } from "../layer/tap.ts";

/** A layer that is merged: its tar, gzipped or not. Read twice. */
export interface LayerContent {
  isGzip: boolean;
  open(): Promise<Readable>;
}

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/**
 * Merges layers, given from the lowest up, into one: what an upper one replaces or removes of a lower one is left
 * out. Whiteouts stay, for what is below all of them. The same layers give the same bytes.
 * Source: OCI image specification, layer.
 */
export async function squashLayers(layers: readonly LayerContent[], file: string): Promise<PackedLayer> {
  const listed = [];
  for (const layer of layers) listed.push(await list(layer));
  const chosen = choose(listed);
  const tar = pack();
  const raw = createHash("sha256");
  const packed = createHash("sha256");
  let size = 0;
  const written = pipeline(
    tar,
    tap((chunk) => raw.update(chunk)),
    createGzip({ level: 4 }),
    tap((chunk) => {
      packed.update(chunk);
      size += chunk.length;
    }),
    createWriteStream(file),
  );
  const filled = (async () => {
    for (const [at, layer] of layers.entries()) await copy(layer, tar, chosen[at] ?? new Map());
    tar.finalize();
  })().catch((error: Error) => tar.destroy(error));
  await Promise.all([written, filled]);
  return { digest: `sha256:${packed.digest("hex")}`, size, diffId: `sha256:${raw.digest("hex")}` };
}

interface Listed {
  name: string;
  type?: Header["type"];
  linkname?: string;
}

async function list(layer: LayerContent): Promise<Listed[]> {
  const entries: Listed[] = [];
  await each(layer, async ({ name, type, linkname }, content) => {
    entries.push({ name, ...(type && { type }), ...(linkname && { linkname }) });
    content.resume();
  });
  return entries;
}

/** What stays of each layer: by its position there, the header's members that differ. */
type Chosen = Map<number, Partial<Header>>;

function choose(layers: readonly Listed[][]): Chosen[] {
  const above = new Above();
  return layers
    .toReversed()
    .map((entries) => {
      const seen = [...entries.keys()].filter((at) => !above.hides(pathOf(entries[at] as Listed)));
      const chosen = withLinks(entries, lastOfEach(entries, seen));
      for (const entry of entries) above.add(entry);
      return chosen;
    })
    .reverse();
}

/** Of a path that a layer has twice the last one counts. */
function lastOfEach(entries: readonly Listed[], positions: readonly number[]): Set<number> {
  return new Set(new Map(positions.map((at) => [pathOf(entries[at] as Listed), at])).values());
}

/** A hard link whose file is hidden takes over its content; later links to that file lead to it instead. */
function withLinks(entries: readonly Listed[], kept: ReadonlySet<number>): Chosen {
  const chosen: Chosen = new Map([...kept].map((at) => [at, {}]));
  const positions = new Map(entries.map((entry, at) => [pathOf(entry), at]));
  const heirs = new Map<string, string>();
  for (const at of [...kept].sort((a, b) => a - b)) {
    const { type, name, linkname } = entries[at] as Listed;
    if (type !== "link" || !linkname) continue;
    const target = clean(linkname);
    const source = positions.get(target);
    if (source === undefined || kept.has(source)) continue;
    const heir = heirs.get(target);
    if (heir !== undefined) {
      chosen.set(at, { linkname: heir });
      continue;
    }
    heirs.set(target, name);
    chosen.delete(at);
    chosen.set(source, { name });
  }
  return chosen;
}

/** What the layers above say of a path. */
class Above {
  /** Paths that are there, and whether they are folders. */
  readonly #paths = new Map<string, boolean>();
  /** Folders of which nothing below counts. */
  readonly #closed = new Set<string>();

  add({ name, type }: Listed): void {
    const path = clean(name);
    const slash = path.lastIndexOf("/");
    const [folder, base] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
    if (base === OPAQUE) this.#closed.add(folder);
    else if (base.startsWith(WHITEOUT)) this.#paths.set(join(folder, base.slice(WHITEOUT.length)), false);
    else if (!this.#paths.has(path)) this.#paths.set(path, type === "directory");
  }

  hides(path: string): boolean {
    if (this.#paths.has(path)) return true;
    for (let at = path.lastIndexOf("/"); ; at = path.lastIndexOf("/", at - 1)) {
      const folder = path.slice(0, Math.max(at, 0));
      if (this.#closed.has(folder) || this.#paths.get(folder) === false) return true;
      if (at <= 0) return false;
    }
  }
}

/** The path that an entry decides about: a whiteout about the one that it removes. */
function pathOf({ name }: Listed): string {
  const path = clean(name);
  const slash = path.lastIndexOf("/");
  const base = path.slice(slash + 1);
  if (base === OPAQUE || !base.startsWith(WHITEOUT)) return path;
  return join(path.slice(0, Math.max(slash, 0)), base.slice(WHITEOUT.length));
}

function join(folder: string, base: string): string {
  return folder === "" ? base : `${folder}/${base}`;
}

function clean(name: string): string {
  return name.replace(/^(\.?\/)+/, "").replace(/\/+$/, "");
}

async function copy(layer: LayerContent, tar: Pack, chosen: Chosen): Promise<void> {
  let at = -1;
  await each(layer, async (header, content) => {
    at++;
    const changes = chosen.get(at);
    if (changes === undefined) return void content.resume();
    const plain = withoutNames({ ...header, ...changes });
    const done = Promise.withResolvers<void>();
    const sink = tar.entry(plain, (error) => (error ? done.reject(error) : done.resolve()));
    if (plain.type === "file" || plain.type === "contiguous-file")
      await pipeline(content, sink as unknown as NodeJS.WritableStream);
    else content.resume();
    await done.promise;
  });
}

/** Of the extended header only attributes stay: its names are those that the entry had. */
function withoutNames({ pax, ...header }: Header): Header {
  const attributes = Object.entries(pax ?? {}).filter(([key]) => key.startsWith("SCHILY.xattr."));
  return attributes.length === 0 ? (header as Header) : { ...header, pax: Object.fromEntries(attributes) };
}

async function each(
  { isGzip, open }: LayerContent,
  see: (header: Header, content: Readable) => Promise<void>,
): Promise<void> {
  const tar = extract();
  tar.on("entry", (header, content, next) => {
    content.on("end", () => next());
    // Told by the pipeline, which ends all of them.
    content.on("error", () => {});
    see(header, content as unknown as Readable).catch((error: Error) => tar.destroy(error));
  });
  const source = await open();
  if (isGzip) await pipeline(source, createGunzip(), tar);
  else await pipeline(source, tar);
}
