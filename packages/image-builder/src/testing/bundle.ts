import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { SOURCE_CONFIG_MEDIA_TYPE, SOURCE_LAYER_MEDIA_TYPE } from "@jdos/api";
import { type Header, pack } from "tar-stream";
import { OCI_MANIFEST } from "../registry/media-types.ts";
import { digestOf, type Registry } from "../registry/registry.ts";

/** A tar.gz of entries: a text is a file. */
export async function archive(
  entries: Readonly<Record<string, string | Partial<Header>>>,
): Promise<Buffer<ArrayBuffer>> {
  const tar = pack();
  for (const [name, entry] of Object.entries(entries)) {
    if (typeof entry === "string") tar.entry({ name, mode: 0o644 }, entry);
    else if (entry.type === "file") tar.entry({ name, ...entry }, "");
    else tar.entry({ name, ...entry });
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return Buffer.from(gzipSync(Buffer.concat(chunks)));
}

/** Pushes an uploaded source as the platform API does. Returns the manifest's digest. */
export async function pushBundle(
  registry: Registry,
  repository: string,
  bytes: Buffer<ArrayBuffer>,
): Promise<string> {
  const layer = {
    mediaType: SOURCE_LAYER_MEDIA_TYPE,
    digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    size: bytes.length,
  };
  await registry.pushBlob(repository, layer, bytes);
  const empty = Buffer.from("{}");
  const config = { mediaType: SOURCE_CONFIG_MEDIA_TYPE, digest: digestOf(empty), size: empty.length };
  await registry.pushBlob(repository, config, empty);
  return registry.pushManifest(repository, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config,
    layers: [layer],
  });
}
