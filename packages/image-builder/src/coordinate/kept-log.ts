import { gzipSync } from "node:zlib";
import { BUILD_LOG_CONFIG_MEDIA_TYPE, BUILD_LOG_LAYER_MEDIA_TYPE, buildLogTag } from "@jdos/api/builder";
import { OCI_MANIFEST } from "../registry/media-types.ts";
import { digestOf, type Registry } from "../registry/registry.ts";

/** Of a log this much of its beginning is kept, and this much of its end. */
const HEAD_BYTES = 4 * 1024 * 1024;
const TAIL_BYTES = 12 * 1024 * 1024;

/** What a build wrote, each line with its time, as it is kept: bounded, and saying what was cut. */
export class KeptLog {
  readonly #headBytes: number;
  readonly #tailBytes: number;
  readonly #head: string[] = [];
  #tail: string[] = [];
  /** Lines of #tail before this one were cut. */
  #first = 0;
  #inHead = 0;
  #inTail = 0;
  #cutLines = 0;
  #cutBytes = 0;

  constructor({ headBytes = HEAD_BYTES, tailBytes = TAIL_BYTES } = {}) {
    this.#headBytes = headBytes;
    this.#tailBytes = tailBytes;
  }

  add(line: string): void {
    const text = `${new Date().toISOString()} ${line}\n`;
    const bytes = Buffer.byteLength(text);
    if (this.#tail.length === 0 && this.#inHead + bytes <= this.#headBytes) {
      this.#head.push(text);
      this.#inHead += bytes;
      return;
    }
    this.#tail.push(text);
    this.#inTail += bytes;
    while (this.#inTail > this.#tailBytes) this.#cut();
  }

  #cut(): void {
    const bytes = Buffer.byteLength(this.#tail[this.#first++] ?? "");
    this.#inTail -= bytes;
    this.#cutBytes += bytes;
    this.#cutLines++;
    if (this.#first < 4096 || this.#first * 2 < this.#tail.length) return;
    this.#tail = this.#tail.slice(this.#first);
    this.#first = 0;
  }

  text(): string {
    const cut = `${new Date().toISOString()} --- ${this.#cutLines} lines (${this.#cutBytes} bytes) were cut here\n`;
    return [...this.#head, ...(this.#cutLines === 0 ? [] : [cut]), ...this.#tail.slice(this.#first)].join("");
  }
}

export interface KeepOptions {
  repository: string;
  /** The Build's name. */
  build: string;
  log: KeptLog;
}

/** Puts a log into the registry beside the image, under a tag of the build's own. Returns the artifact's digest. */
export async function keepLog(registry: Registry, { repository, build, log }: KeepOptions): Promise<string> {
  const layerBytes = new Uint8Array(gzipSync(log.text(), { level: 1 }));
  const configBytes = new TextEncoder().encode("{}");
  const layer = {
    mediaType: BUILD_LOG_LAYER_MEDIA_TYPE,
    digest: digestOf(layerBytes),
    size: layerBytes.byteLength,
  };
  const config = {
    mediaType: BUILD_LOG_CONFIG_MEDIA_TYPE,
    digest: digestOf(configBytes),
    size: configBytes.byteLength,
  };
  await Promise.all([
    registry.pushBlob(repository, layer, layerBytes),
    registry.pushBlob(repository, config, configBytes),
  ]);
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] } as const;
  return registry.pushManifest(repository, { ...manifest, layers: [layer] }, buildLogTag(build));
}
