import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { SOURCE_CONFIG_MEDIA_TYPE, SOURCE_LAYER_MEDIA_TYPE, sourceTag } from "@jdos/api";
import { PlatformError } from "../errors.ts";
import { callRegistry, type RegistryAnswer, type RegistryRequest } from "./registry-client.ts";

export interface UploadOptions {
  registryUrl: string;
  /** <system>/<app>, after the registry's prefix. */
  repository: string;
  /** The header for pull and push on the repository; undefined where the registry wants none. */
  authorization: string | undefined;
  body: AsyncIterable<Buffer>;
  maxBytes: number;
}

export interface Uploaded {
  /** Of the manifest. */
  digest: string;
  sizeBytes: number;
}

const MANIFEST_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
const EMPTY_CONFIG = Buffer.from("{}");

/**
 * Streams a tar.gz into the registry as an OCI image manifest of one layer, by digest; nothing is held in memory.
 * The same content gives the same digest. Source: OCI distribution and image specifications.
 */
export async function uploadSource(options: UploadOptions): Promise<Uploaded> {
  const { authorization } = options;
  const call = (request: RegistryRequest): Promise<RegistryAnswer> =>
    callRegistry(options.registryUrl, authorization === undefined ? request : { ...request, authorization });
  const started = expectStatus(
    await call({ method: "POST", path: `/v2/${options.repository}/blobs/uploads/` }),
    202,
    "begin the upload",
  );
  const measured = measure(options.body, options.maxBytes);
  let location = locationOf(started);
  try {
    const sent = await call({
      method: "PATCH",
      path: location,
      headers: { "content-type": "application/octet-stream" },
      body: Readable.from(measured.chunks, { objectMode: false, highWaterMark: 256 * 1024 }),
    });
    location = locationOf(expectStatus(sent, 202, "take the source"));
  } catch (error) {
    await call({ method: "DELETE", path: location }).catch(() => undefined);
    throw error;
  }
  const layer = { mediaType: SOURCE_LAYER_MEDIA_TYPE, digest: measured.digest(), size: measured.size() };
  const separator = location.includes("?") ? "&" : "?";
  expectStatus(
    await call({ method: "PUT", path: `${location}${separator}digest=${encodeURIComponent(layer.digest)}` }),
    201,
    "keep the source",
  );
  const config = {
    mediaType: SOURCE_CONFIG_MEDIA_TYPE,
    digest: digestOf(EMPTY_CONFIG),
    size: EMPTY_CONFIG.length,
  };
  await putSmallBlob(call, options.repository, EMPTY_CONFIG);
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_MEDIA_TYPE, config, layers: [layer] }),
  );
  const digest = digestOf(manifest);
  const put = {
    method: "PUT",
    // By the tag it is found again when nothing needs it any more.
    path: `/v2/${options.repository}/manifests/${sourceTag(digest, new Date())}`,
    headers: { "content-type": MANIFEST_MEDIA_TYPE },
    body: manifest,
  } as const;
  expectStatus(await call(put), 201, "keep the source's manifest");
  return { digest, sizeBytes: layer.size };
}

async function putSmallBlob(
  call: (request: RegistryRequest) => Promise<RegistryAnswer>,
  repository: string,
  blob: Buffer,
): Promise<void> {
  const digest = digestOf(blob);
  if ((await call({ method: "HEAD", path: `/v2/${repository}/blobs/${digest}` })).status === 200) return;
  const started = expectStatus(
    await call({ method: "POST", path: `/v2/${repository}/blobs/uploads/` }),
    202,
    "begin the upload",
  );
  const location = locationOf(started);
  const path = `${location}${location.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digest)}`;
  expectStatus(
    await call({ method: "PUT", path, headers: { "content-type": "application/octet-stream" }, body: blob }),
    201,
    "keep the configuration",
  );
}

/** Hashes, counts and bounds the bytes on their way; refuses what does not begin as gzip. */
function measure(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
): { chunks: AsyncGenerator<Buffer>; digest(): string; size(): number } {
  const hash = createHash("sha256");
  let size = 0;
  async function* chunks(): AsyncGenerator<Buffer> {
    let head = Buffer.alloc(0);
    for await (const chunk of body) {
      if (head.length < 2) {
        head = Buffer.concat([head, chunk]).subarray(0, 2);
        if (head.length === 2 && (head[0] !== 0x1f || head[1] !== 0x8b)) throw notAnArchive();
      }
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      hash.update(chunk);
      yield chunk;
    }
    if (head.length < 2) throw notAnArchive();
  }
  return { chunks: chunks(), digest: () => `sha256:${hash.digest("hex")}`, size: () => size };
}

export function tooLarge(maxBytes: number): PlatformError {
  return new PlatformError(
    "TooLarge",
    `Cannot take the source: it is larger than ${Math.floor(maxBytes / 1024 / 1024)} MiB`,
    {
      hint: "Name what need not travel (node_modules, data, builds) in .gitignore or .dockerignore",
    },
  );
}

function notAnArchive(): PlatformError {
  return new PlatformError("NotAnArchive", "Cannot take the source: the body is not a gzip archive", {
    hint: "Send a tar.gz with content type application/gzip",
  });
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function locationOf(answer: RegistryAnswer): string {
  const location = answer.headers.location;
  if (location === undefined)
    throw new PlatformError("RegistryFailed", "Cannot store the source: the registry names no place for it");
  return location;
}

function expectStatus(answer: RegistryAnswer, status: number, action: string): RegistryAnswer {
  if (answer.status === status) return answer;
  throw new PlatformError(
    "RegistryFailed",
    `Cannot store the source: the registry would not ${action} (HTTP ${answer.status}: ${answer.body.slice(0, 200)})`,
    {
      hint: "Look at the registry's log: kubectl logs -n jdos-system -l app=registry",
    },
  );
}
