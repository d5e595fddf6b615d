import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { startDockerRegistry } from "@jdos/component-base/testing";
import { blobData, type Layout } from "../layout.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

export { registryMissing } from "@jdos/component-base/testing";

export interface TestRegistry {
  readonly url: string;
  readonly directory: string;
  pusher(): Pusher;
  stop(): Promise<void>;
}

/** The real registry with the settings that manifests/platform/registry.yaml gives it, without authentication. */
export async function startRegistry(): Promise<TestRegistry> {
  const { address, directory, stop } = await startDockerRegistry();
  const url = `http://${address}`;
  return { url, directory: join(directory, "data"), pusher: () => new Pusher(url), stop };
}

interface ImageOptions {
  tag?: string;
  subject?: string;
}

/** Pushes as builders do: a blob that the registry says it has is not sent. */
export class Pusher {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Returns the blob's digest in hexadecimal. */
  async blob(repository: string, content: string): Promise<string> {
    const hex = hexOf(content);
    const at = `${this.#url}/v2/${repository}/blobs`;
    if ((await fetch(`${at}/sha256:${hex}`, { method: "HEAD" })).ok) return hex;
    const location = new URL(await this.beginUpload(repository), this.#url);
    location.searchParams.set("digest", `sha256:${hex}`);
    await expectOk(await fetch(location, { method: "PUT", body: content }));
    return hex;
  }

  /** Returns where the upload goes on. */
  async beginUpload(repository: string): Promise<string> {
    const begun = await fetch(`${this.#url}/v2/${repository}/blobs/uploads/`, { method: "POST" });
    await expectOk(begun);
    return begun.headers.get("location") ?? "";
  }

  /** Returns the manifest's digest. */
  async image(
    repository: string,
    layers: readonly string[],
    { tag, subject }: ImageOptions = {},
  ): Promise<string> {
    const config = JSON.stringify({ layers });
    const blobs = [];
    for (const layer of layers) blobs.push(await this.blob(repository, layer));
    await this.blob(repository, config);
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: descriptor(CONFIG, hexOf(config), config.length),
      layers: blobs.map((hex, at) => descriptor(LAYER, hex, layers[at]!.length)),
      ...(subject === undefined ? {} : { subject: descriptor(MANIFEST, subject.slice(7), 1) }),
    };
    return this.#put(repository, manifest, tag);
  }

  index(repository: string, children: readonly string[], tag: string): Promise<string> {
    const manifests = children.map((digest) => descriptor(MANIFEST, digest.slice(7), 1));
    return this.#put(repository, { schemaVersion: 2, mediaType: INDEX, manifests }, tag);
  }

  /** Writes a manifest past the registry's checks, as one does that they passed a moment ago. */
  async manifestOnDisk(
    { ...layout }: Layout,
    repository: string,
    layers: readonly string[],
  ): Promise<string> {
    const text = JSON.stringify({
      mediaType: MANIFEST,
      layers: layers.map((hex) => descriptor(LAYER, hex, 1)),
    });
    const hex = hexOf(text);
    const link = join(layout.repositories, repository, "_manifests", "revisions", "sha256", hex, "link");
    for (const [path, content] of [
      [blobData(layout, hex), text],
      [link, `sha256:${hex}`],
    ] as const) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
    return `sha256:${hex}`;
  }

  manifest(repository: string, reference: string): Promise<Response> {
    return fetch(`${this.#url}/v2/${repository}/manifests/${reference}`, {
      headers: { accept: `${MANIFEST}, ${INDEX}` },
    });
  }

  async delete(repository: string, digest: string): Promise<void> {
    await expectOk(await fetch(`${this.#url}/v2/${repository}/manifests/${digest}`, { method: "DELETE" }));
  }

  /** Whether an image can be pulled. */
  async isWhole(repository: string, digest: string): Promise<boolean> {
    const answer = await this.manifest(repository, digest);
    if (!answer.ok) return false;
    const { config, layers } = (await answer.json()) as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    for (const each of [config, ...layers]) {
      const blob = await fetch(`${this.#url}/v2/${repository}/blobs/${each.digest}`);
      if (!blob.ok || `sha256:${hexOf(await blob.text())}` !== each.digest) return false;
    }
    return true;
  }

  async #put(
    repository: string,
    manifest: { mediaType: string; [member: string]: unknown },
    tag?: string,
  ): Promise<string> {
    const text = JSON.stringify(manifest);
    const digest = `sha256:${hexOf(text)}`;
    const answer = await fetch(`${this.#url}/v2/${repository}/manifests/${tag ?? digest}`, {
      method: "PUT",
      headers: { "content-type": manifest.mediaType },
      body: text,
    });
    await expectOk(answer);
    return digest;
  }
}

function descriptor(mediaType: string, hex: string, size: number) {
  return { mediaType, digest: `sha256:${hex}`, size };
}

function hexOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function expectOk(answer: Response): Promise<void> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
}
