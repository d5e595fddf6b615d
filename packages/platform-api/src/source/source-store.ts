import { createHash } from "node:crypto";
import {
  SOURCE_CONFIG_MEDIA_TYPE,
  SOURCE_PART_MEDIA_TYPE,
  type SourcePart,
  type SourceUploaded,
  sourceTag,
} from "@jdos/api";
import { PlatformError } from "../errors.ts";
import { callRegistry, type RegistryAnswer, type RegistryRequest } from "./registry-client.ts";

export interface SourceStoreOptions {
  registryUrl: string;
  /** <system>/<app>, after the registry's prefix. */
  repository: string;
  /** The header for pull and push on the repository; undefined where the registry wants none. */
  authorization: string | undefined;
}

const MANIFEST_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
const EMPTY_CONFIG = Buffer.from("{}");
const QUESTIONS_AT_ONCE = 8;

/**
 * An application's sources in the registry: each an OCI image manifest whose layers are the parts of a tar. The same
 * content gives the same digest. Source: OCI distribution and image specifications.
 */
export class SourceStore {
  readonly #options: SourceStoreOptions;

  constructor(options: SourceStoreOptions) {
    this.#options = options;
  }

  /** Digests of the parts that the registry has not got, or not of that size. */
  async missing(parts: readonly SourcePart[]): Promise<string[]> {
    const open = [...new Map(parts.map((part) => [part.digest, part])).values()];
    const missing: string[] = [];
    const askNext = async (): Promise<void> => {
      for (let part = open.pop(); part !== undefined; part = open.pop())
        if (!(await this.#has(part))) missing.push(part.digest);
    };
    await Promise.all(Array.from({ length: QUESTIONS_AT_ONCE }, askNext));
    return missing;
  }

  async put(digest: string, bytes: Buffer): Promise<void> {
    const path = `/v2/${this.#options.repository}/blobs/uploads/`;
    const location = locationOf(
      expectStatus(await this.#call({ method: "POST", path }), 202, "begin a blob"),
    );
    const separator = location.includes("?") ? "&" : "?";
    const put = {
      method: "PUT",
      path: `${location}${separator}digest=${encodeURIComponent(digest)}`,
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
    } as const;
    try {
      expectStatus(await this.#call(put), 201, "keep a blob");
    } catch (error) {
      // Begun uploads that stay are swept by the registry; what failed first is what is told.
      await this.#call({ method: "DELETE", path: location }).catch(() => undefined);
      throw error;
    }
  }

  /** Makes the parts a source. @throws PlatformError SourceIncomplete where one of them is not there */
  async finish(parts: readonly SourcePart[]): Promise<Omit<SourceUploaded, "seconds">> {
    const { repository } = this.#options;
    const missing = await this.missing(parts);
    if (missing.length > 0) throw incomplete(missing.length);
    const config = { digest: digestOf(EMPTY_CONFIG), sizeBytes: EMPTY_CONFIG.length };
    if (!(await this.#has(config))) await this.put(config.digest, EMPTY_CONFIG);
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST_MEDIA_TYPE,
        config: { mediaType: SOURCE_CONFIG_MEDIA_TYPE, digest: config.digest, size: config.sizeBytes },
        layers: parts.map(({ digest, sizeBytes }) => ({
          mediaType: SOURCE_PART_MEDIA_TYPE,
          digest,
          size: sizeBytes,
        })),
      }),
    );
    const digest = digestOf(manifest);
    const answer = await this.#call({
      method: "PUT",
      // By the tag it is found again when nothing needs it any more.
      path: `/v2/${repository}/manifests/${sourceTag(digest, new Date())}`,
      headers: { "content-type": MANIFEST_MEDIA_TYPE },
      body: manifest,
    });
    // Swept between the question and this.
    if (answer.status === 400 && answer.body.includes("MANIFEST_BLOB_UNKNOWN")) throw incomplete(1);
    expectStatus(answer, 201, "keep the source's manifest");
    return { digest, sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  }

  async #has({ digest, sizeBytes }: SourcePart): Promise<boolean> {
    const path = `/v2/${this.#options.repository}/blobs/${digest}`;
    const answer = await this.#call({ method: "HEAD", path });
    if (answer.status === 404) return false;
    // Some registries lead to where they keep their blobs.
    if ([302, 303, 307, 308].includes(answer.status)) return true;
    const { headers } = expectStatus(answer, 200, "say what it has");
    return headers["content-length"] === undefined || Number(headers["content-length"]) === sizeBytes;
  }

  #call(request: RegistryRequest): Promise<RegistryAnswer> {
    const { registryUrl, authorization } = this.#options;
    return callRegistry(registryUrl, authorization === undefined ? request : { ...request, authorization });
  }
}

function incomplete(count: number): PlatformError {
  return new PlatformError(
    "SourceIncomplete",
    `Cannot take the source: ${count} of its parts are not there`,
    {
      hint: "Ask which are missing and send them",
    },
  );
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

/** Answers of a registry that is starting, or of whoever stands before it. */
const AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

function expectStatus(answer: RegistryAnswer, status: number, action: string): RegistryAnswer {
  if (answer.status === status) return answer;
  throw new PlatformError(
    AWAY.has(answer.status) ? "Unavailable" : "RegistryFailed",
    `Cannot store the source: the registry would not ${action} (HTTP ${answer.status}: ${answer.body.slice(0, 200)})`,
    {
      hint: "Look at the registry's log: kubectl logs -n jdos-system -l app=registry",
    },
  );
}
