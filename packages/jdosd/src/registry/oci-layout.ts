import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageManifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** Reads blobs out of an OCI archive without unpacking it. */
export interface OciLayout {
  /** The manifest's descriptor of an image by its full name. */
  find(image: string): Descriptor | undefined;
  read(digest: string): Promise<Buffer>;
  stream(digest: string): NodeJS.ReadableStream;
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
    manifests: Descriptor[];
  };
  return {
    find: (image) =>
      index.manifests.find(({ annotations }) => annotations?.["io.containerd.image.name"] === image),
    read: (digest) => read(blob(digest)),
    stream: (digest) => stream(blob(digest)),
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
