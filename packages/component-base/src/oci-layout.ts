import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

/** Source: OCI image specification, descriptor. */
export interface OciDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface OciManifest {
  readonly config: OciDescriptor;
  readonly layers: readonly OciDescriptor[];
}

/** Reads blobs out of an OCI archive without unpacking it. */
export interface OciLayout {
  /** The manifest's descriptor of an image by its full name. */
  find(image: string): OciDescriptor | undefined;
  read(digest: string): Promise<Buffer>;
  stream(digest: string): NodeJS.ReadableStream;
  /** Where a blob stands in the archive. */
  locate(digest: string): OciBlobLocation;
}

export interface OciBlobLocation {
  readonly file: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

interface Entry {
  readonly offset: number;
  readonly sizeBytes: number;
}

const BLOCK = 512;

/** Indexes an archive as writeOciArchive() makes it: short names, regular files. */
export async function openOciLayout(path: string): Promise<OciLayout> {
  const entries = await readEntries(path);
  const entryOf = (name: string): Entry => {
    const entry = entries.get(name);
    if (entry === undefined) throw new Error(`Cannot read "${name}" of "${path}": no such entry`);
    return entry;
  };
  const blob = (digest: string) => entryOf(`blobs/${digest.replace(":", "/")}`);
  const stream = ({ offset, sizeBytes }: Entry) =>
    createReadStream(path, { start: offset, end: offset + sizeBytes - 1, highWaterMark: 1 << 20 });
  const read = async (entry: Entry) => Buffer.concat(await stream(entry).toArray());
  const index = JSON.parse((await read(entryOf("index.json"))).toString("utf8")) as {
    manifests: OciDescriptor[];
  };
  return {
    find: (image) =>
      index.manifests.find(({ annotations }) => annotations?.["io.containerd.image.name"] === image),
    read: (digest) => read(blob(digest)),
    stream: (digest) => stream(blob(digest)),
    locate: (digest) => ({ file: path, ...blob(digest) }),
  };
}

async function readEntries(path: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const file = await open(path);
  try {
    const header = Buffer.alloc(BLOCK);
    for (let offset = 0; ; ) {
      const { bytesRead } = await file.read(header, 0, BLOCK, offset);
      if (bytesRead < BLOCK || header[0] === 0) return entries;
      const name = header.toString("utf8", 0, 100).replace(/\0.*$/s, "");
      const sizeBytes = Number.parseInt(header.toString("latin1", 124, 136), 8);
      entries.set(name, { offset: offset + BLOCK, sizeBytes });
      offset += BLOCK + Math.ceil(sizeBytes / BLOCK) * BLOCK;
    }
  } finally {
    await file.close();
  }
}
