import { ComponentError } from "../errors.ts";
import { type Artifact, sha256Digest } from "./artifact.ts";

export interface ArtifactStoreOptions {
  /** Where the registry's API answers. */
  url: string;
  repository: string;
  /** The header that lets us in. */
  authorization?: string;
  /** Of each request. Defaults to 20. */
  timeoutSeconds?: number;
}

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFESTS = [OCI_MANIFEST, OCI_INDEX, "application/vnd.docker.distribution.manifest.v2+json"].join(
  ", ",
);
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export interface FoundManifest {
  bytes: Buffer;
  digest: string;
  mediaType: string;
}

/**
 * Small artifacts in one repository: their manifests and blobs whole in memory, checked against their digests.
 * Every method throws ComponentError RegistryRefused for an answer that is none; any other Error may pass.
 */
export class ArtifactStore {
  readonly #options: ArtifactStoreOptions;

  constructor(options: ArtifactStoreOptions) {
    this.#options = options;
  }

  /** A manifest by tag or digest; undefined when there is none. */
  async manifest(reference: string): Promise<FoundManifest | undefined> {
    const response = await this.#send("GET", `manifests/${reference}`, { headers: { accept: MANIFESTS } });
    if (response.status === 404) return discard(response);
    await accept(response, `manifest "${reference}"`);
    const bytes = await limited(response, MAX_MANIFEST_BYTES);
    const digest = sha256Digest(bytes);
    if (reference.startsWith("sha256:") && reference !== digest)
      throw refused(`manifest "${reference}"`, "its content has another digest");
    return { bytes, digest, mediaType: response.headers.get("content-type") ?? OCI_MANIFEST };
  }

  /** A blob of at most so many bytes; undefined when there is none. */
  async blob(digest: string, maxBytes: number): Promise<Buffer | undefined> {
    const response = await this.#send("GET", `blobs/${digest}`);
    if (response.status === 404) return discard(response);
    await accept(response, `blob "${digest}"`);
    const bytes = await limited(response, maxBytes);
    if (sha256Digest(bytes) !== digest) throw refused(`blob "${digest}"`, "its content has another digest");
    return bytes;
  }

  /** Uploads a blob unless it is there. Returns its digest. */
  async putBlob(bytes: Buffer): Promise<string> {
    const digest = sha256Digest(bytes);
    const there = await this.#send("HEAD", `blobs/${digest}`);
    if (there.ok) return digest;
    const started = await this.#send("POST", "blobs/uploads/");
    await accept(started, "an upload");
    await discard(started);
    const location = started.headers.get("location");
    if (location === null) throw refused("an upload", "it names no place for it");
    const url = new URL(location, started.url);
    url.searchParams.set("digest", digest);
    const headers = { "content-type": "application/octet-stream" };
    const stored = await this.#send("PUT", url.toString(), { headers, body: bytes });
    await accept(stored, `blob "${digest}"`);
    await discard(stored);
    return digest;
  }

  /** Writes a manifest under a tag. Returns its digest. */
  async putManifest(tag: string, manifest: { mediaType: string }): Promise<string> {
    const body = Buffer.from(JSON.stringify(manifest));
    const response = await this.#send("PUT", `manifests/${tag}`, {
      headers: { "content-type": manifest.mediaType },
      body,
    });
    await accept(response, `manifest "${tag}"`);
    await discard(response);
    return sha256Digest(body);
  }

  /** Writes an artifact, whose layers are there, under a tag. Returns the digest of its manifest. */
  async putArtifact(tag: string, { config, manifest }: Artifact): Promise<string> {
    await this.putBlob(config);
    return this.putManifest(tag, manifest);
  }

  #send(
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: Buffer } = {},
  ): Promise<Response> {
    const { url, repository, authorization, timeoutSeconds = 20 } = this.#options;
    const target = new URL(path, new URL(`/v2/${repository}/`, url));
    // The credential is the registry's alone, wherever it sends us.
    const isRegistry = target.origin === new URL(url).origin;
    return fetch(target, {
      method,
      headers: { ...headers, ...(authorization !== undefined && isRegistry ? { authorization } : {}) },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    });
  }
}

async function discard(response: Response): Promise<undefined> {
  await response.body?.cancel();
}

async function accept(response: Response, what: string): Promise<void> {
  if (response.ok) return;
  const text = (await response.text()).slice(0, 300).trim();
  throw refused(what, `it answered ${response.status}${text === "" ? "" : `: ${text}`}`);
}

async function limited(response: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw refused("what it sends", `it is more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refused(what: string, why: string): ComponentError {
  return new ComponentError("RegistryRefused", `Cannot use ${what} of the registry: ${why}`, {
    hint: "Look at the registry's log",
  });
}
