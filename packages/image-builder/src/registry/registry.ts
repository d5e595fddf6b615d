import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { RegistryAnswer } from "@jdos/component-base/registry";
import { ImageBuilderError } from "../errors.ts";
import {
  ALL_MANIFESTS,
  type Descriptor,
  DOCKER_INDEX,
  type Index,
  type Manifest,
  OCI_INDEX,
} from "./media-types.ts";
import { isOk, RegistryTransport, type TransportOptions } from "./transport.ts";

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** What is uploaded: the bytes, or that many bytes of a file, from its beginning or from an offset. */
export type BlobSource = Uint8Array | { file: string; offset?: number };

/** A registry as a build uses it. Source: OCI distribution specification. */
export class Registry {
  readonly #transport: RegistryTransport;

  constructor(options: TransportOptions) {
    this.#transport = new RegistryTransport(options);
  }

  /** The manifest of this machine's architecture, with its digest; undefined when there is none. */
  async manifest(
    repository: string,
    version: string,
  ): Promise<{ manifest: Manifest; digest: string } | undefined> {
    const found = await this.rawManifest(repository, version);
    if (found === undefined) return undefined;
    const value = JSON.parse(found.bytes.toString("utf8")) as Manifest | Index;
    if (!("manifests" in value)) return { manifest: value, digest: found.digest };
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    const fitting = value.manifests.find(
      ({ platform }) =>
        platform === undefined || (platform.os === "linux" && platform.architecture === architecture),
    );
    return fitting === undefined ? undefined : this.manifest(repository, fitting.digest);
  }

  /** The bytes of a manifest; checked when it was asked for by digest. */
  async rawManifest(
    repository: string,
    version: string,
  ): Promise<{ bytes: Buffer; digest: string; mediaType: string } | undefined> {
    const response = await this.#transport.send({
      method: "GET",
      path: `/v2/${repository}/manifests/${version}`,
      scopes: { [repository]: "pull" },
      headers: { accept: ALL_MANIFESTS },
      accept: [404],
    });
    if (response.status === 404) {
      response.body.resume();
      return undefined;
    }
    const bytes = await limited(response, MAX_MANIFEST_BYTES);
    const digest = digestOf(bytes);
    if (version.startsWith("sha256:") && version !== digest)
      throw corrupt(`manifest ${version} of "${repository}"`);
    return { bytes, digest, mediaType: response.headers["content-type"] ?? OCI_INDEX };
  }

  async hasBlob(repository: string, digest: string): Promise<boolean> {
    const response = await this.#transport.send({
      method: "HEAD",
      path: `/v2/${repository}/blobs/${digest}`,
      scopes: pushScope(repository),
      accept: [404],
    });
    response.body.resume();
    return isOk(response);
  }

  /** A small blob, whole and checked. */
  async blob(repository: string, { digest, size }: Pick<Descriptor, "digest" | "size">): Promise<Buffer> {
    const response = await this.#transport.send({
      method: "GET",
      path: `/v2/${repository}/blobs/${digest}`,
      scopes: { [repository]: "pull" },
    });
    const bytes = await limited(response, size);
    if (digestOf(bytes) !== digest) throw corrupt(`blob ${digest} of "${repository}"`);
    return bytes;
  }

  /** A blob as it arrives; whoever reads it checks it. */
  async blobStream(repository: string, digest: string): Promise<Readable> {
    const response = await this.#transport.send({
      method: "GET",
      path: `/v2/${repository}/blobs/${digest}`,
      scopes: { [repository]: "pull" },
    });
    return response.body;
  }

  /** Sees to it that a repository has a blob that another one of this registry has. False: it could not be mounted. */
  async mountBlob(repository: string, digest: string, from: string): Promise<boolean> {
    if (await this.hasBlob(repository, digest)) return true;
    const query = new URLSearchParams({ mount: digest, from });
    const response = await this.#transport.send({
      method: "POST",
      path: `/v2/${repository}/blobs/uploads/?${query}`,
      scopes: { ...pushScope(repository), [from]: "pull" },
    });
    response.body.resume();
    if (response.status === 201) return true;
    const { location } = response.headers;
    if (location !== undefined) await this.#cancel(repository, location);
    return false;
  }

  /** Uploads a blob unless it is there. The registry checks the digest. */
  async pushBlob(
    repository: string,
    { digest, size }: Pick<Descriptor, "digest" | "size">,
    source: BlobSource,
  ): Promise<"uploaded" | "present"> {
    if (await this.hasBlob(repository, digest)) return "present";
    const scopes = pushScope(repository);
    const started = await this.#transport.send({
      method: "POST",
      path: `/v2/${repository}/blobs/uploads/`,
      scopes,
    });
    started.body.resume();
    const { location } = started.headers;
    if (location === undefined)
      throw new ImageBuilderError(
        "RegistryRefused",
        `Cannot upload to "${repository}": the registry names no place for it`,
      );
    const url = new URL(location, started.url);
    url.searchParams.set("digest", digest);
    const response = await this.#transport.send({
      method: "PUT",
      path: url.toString(),
      scopes,
      headers: { "content-type": "application/octet-stream", "content-length": String(size) },
      body: () => (source instanceof Uint8Array ? source : contentOf(source, size)),
    });
    response.body.resume();
    return "uploaded";
  }

  /** Writes a manifest under its digest, or under a tag. Returns the digest. */
  async pushManifest(repository: string, manifest: Manifest, tag?: string): Promise<string> {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(bytes);
    const response = await this.#transport.send({
      method: "PUT",
      path: `/v2/${repository}/manifests/${tag ?? digest}`,
      scopes: pushScope(repository),
      headers: { "content-type": manifest.mediaType },
      body: () => bytes,
    });
    response.body.resume();
    return digest;
  }

  async #cancel(repository: string, location: string): Promise<void> {
    const response = await this.#transport.send({
      method: "DELETE",
      path: location,
      scopes: pushScope(repository),
      accept: [404, 405],
    });
    response.body.resume();
  }
}

function contentOf({ file, offset = 0 }: { file: string; offset?: number }, size: number) {
  return createReadStream(file, { start: offset, end: offset + size - 1, highWaterMark: 1 << 18 });
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function isIndex(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_INDEX;
}

function pushScope(repository: string): Record<string, string> {
  return { [repository]: "pull,push" };
}

async function limited({ body }: RegistryAnswer, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBytes)
      throw new ImageBuilderError(
        "RegistryRefused",
        `Cannot read from the registry: more than the ${maxBytes} bytes announced`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function corrupt(what: string): ImageBuilderError {
  return new ImageBuilderError("BundleCorrupt", `Cannot use ${what}: its content does not match its digest`, {
    hint: "Deploy again to upload it anew",
  });
}
