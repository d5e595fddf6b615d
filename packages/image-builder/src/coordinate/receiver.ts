import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { type Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { ImageBuilderError } from "../errors.ts";
import { RECEIVED_REPOSITORY } from "../exchange/messages.ts";
import { tap } from "../layer/tap.ts";
import type { Descriptor, ImageConfig, Manifest } from "../registry/media-types.ts";
import { OCI_LAYER_GZIP } from "../registry/media-types.ts";
import { digestOf } from "../registry/registry.ts";
import type { KnownImages, SharedLayer } from "./known-images.ts";

const MAX_JSON_BYTES = 4 * 1024 * 1024;

/** A layer that was received, gzipped. */
export interface ReceivedLayer extends Descriptor {
  file: string;
}

export interface ReceivedImage {
  config: ImageConfig;
  /** From the lowest up. */
  layers: (ReceivedLayer | SharedLayer)[];
}

/**
 * Takes the image that the steps push, as a registry does. Layers of images that are known need not be sent. What
 * arrives is checked against its digest and kept where the steps cannot reach it.
 */
export class ImageReceiver {
  readonly #directory: string;
  readonly #known: KnownImages;
  /** By the digest of their uncompressed content. */
  readonly #layers = new Map<string, ReceivedLayer>();
  /** Small blobs by their digests: a configuration is one of them. */
  readonly #json = new Map<string, Buffer>();
  /** Sizes of what was sent, by digest. */
  readonly #arrived = new Map<string, number>();
  #manifest: Buffer | undefined;

  constructor(directory: string, known: KnownImages) {
    this.#directory = directory;
    this.#known = known;
  }

  /** Answers a request below /v2/jdos-build/image/. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const path = url.pathname.slice(`/v2/${RECEIVED_REPOSITORY}/`.length);
    const at = (tail: string): string => `/v2/${RECEIVED_REPOSITORY}/${tail}`;
    if (path.startsWith("manifests/") && request.method === "PUT") {
      this.#manifest = await readSmall(request);
      return void response
        .writeHead(201, { location: at(path), "docker-content-digest": digestOf(this.#manifest) })
        .end();
    }
    if (path === "blobs/uploads/" && request.method === "POST") {
      return void response
        .writeHead(202, { location: at(`blobs/uploads/${randomUUID()}`), range: "0-0" })
        .end();
    }
    if (path.startsWith("blobs/uploads/") && request.method === "PATCH") {
      const size = await this.#receive(request, path.slice("blobs/uploads/".length));
      return void response.writeHead(202, { location: at(path), range: `0-${size - 1}` }).end();
    }
    if (path.startsWith("blobs/uploads/") && request.method === "PUT") {
      request.resume();
      const digest = url.searchParams.get("digest") ?? "";
      const whole = this.#arrived.has(digest);
      return void response
        .writeHead(whole ? 201 : 400, { location: at(`blobs/${digest}`), "docker-content-digest": digest })
        .end();
    }
    if (path.startsWith("blobs/") && request.method === "HEAD") {
      const size = await this.#sizeOf(path.slice("blobs/".length));
      if (size !== undefined) return void response.writeHead(200, { "content-length": size }).end();
    }
    response.writeHead(404, { "content-type": "application/json" }).end('{"errors":[{"code":"UNKNOWN"}]}');
  }

  /** The image that was pushed. */
  async image(): Promise<ReceivedImage> {
    const manifest = parse<Manifest>(this.#manifest);
    const config = parse<ImageConfig>(this.#json.get(manifest.config?.digest ?? ""));
    const layers = await Promise.all(
      (config.rootfs?.diff_ids ?? []).map(
        async (diffId) => this.#layers.get(diffId) ?? (await this.#known.layer(diffId)),
      ),
    );
    const complete = layers.filter((layer) => layer !== undefined);
    if (
      complete.length === 0 ||
      complete.length !== layers.length ||
      complete.length !== manifest.layers?.length
    )
      throw incomplete();
    return { config, layers: complete };
  }

  async #sizeOf(digest: string): Promise<number | undefined> {
    return this.#arrived.get(digest) ?? (await this.#known.layer(digest))?.layer.size;
  }

  /** Keeps what arrives under the digest it has, whatever it is said to have. */
  async #receive(request: IncomingMessage, id: string): Promise<number> {
    if (!/^[a-f0-9-]{36}$/.test(id))
      throw new ImageBuilderError("BuilderFailed", "Cannot take an upload: it was never begun");
    const file = join(this.#directory, id);
    const sent = await measured(request, createWriteStream(file, { flags: "wx" }));
    this.#arrived.set(sent.digest, sent.size);
    if (sent.size <= MAX_JSON_BYTES) this.#json.set(sent.digest, await readFile(file));
    const isGzip = await beginsWith(file, [0x1f, 0x8b]);
    const other = isGzip
      ? await measured(createReadStream(file).pipe(createGunzip()), nowhere())
      : await measured(
          createReadStream(file).pipe(createGzip({ level: 4 })),
          createWriteStream(`${file}.gz`),
        );
    const [layer, diffId] = isGzip ? [sent, other.digest] : [other, sent.digest];
    this.#layers.set(diffId, {
      mediaType: OCI_LAYER_GZIP,
      digest: layer.digest,
      size: layer.size,
      file: isGzip ? file : `${file}.gz`,
    });
    return sent.size;
  }
}

/** Writes a stream on and says what it was. */
async function measured(source: Readable, to: Writable): Promise<{ digest: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  const see = tap((chunk) => {
    hash.update(chunk);
    size += chunk.length;
  });
  await pipeline(source, see, to);
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

async function beginsWith(file: string, bytes: readonly number[]): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(bytes.length), 0, bytes.length, 0);
    return buffer.equals(Buffer.from(bytes));
  } finally {
    await handle.close();
  }
}

async function readSmall(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_JSON_BYTES) throw incomplete();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse<T>(bytes: Buffer | undefined): T {
  try {
    return JSON.parse(bytes?.toString("utf8") ?? "") as T;
  } catch (error) {
    throw new ImageBuilderError("BuilderFailed", "Cannot push the image: the steps left none", {
      cause: error,
    });
  }
}

function incomplete(): ImageBuilderError {
  return new ImageBuilderError("BuilderFailed", "Cannot push the image: the steps sent only a part of it");
}
