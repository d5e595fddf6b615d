import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  blobData,
  directories,
  isHex,
  type Layout,
  links,
  repositoryDirectories,
  unlessMissing,
} from "./layout.ts";

/** What a manifest leads to, as hexadecimal digests. */
interface References {
  readonly blobs: readonly string[];
  /** Manifests of an index. */
  readonly children: readonly string[];
  /** The manifest that this one says something about. */
  readonly subject?: string;
}

/** A repository as it was found on disk. */
export interface Repository {
  readonly directory: string;
  /** Manifests, with the time they were pushed. */
  readonly revisions: ReadonlyMap<string, number>;
  readonly tagged: ReadonlySet<string>;
  /** Blobs it may give out, with the time each was pushed or mounted. */
  readonly layers: ReadonlyMap<string, number>;
}

export async function readRepositories(layout: Layout): Promise<Repository[]> {
  const found: Repository[] = [];
  for (const directory of await repositoryDirectories(layout.repositories)) {
    const layers = await links(join(directory, "_layers", "sha256"));
    // Revisions before tags: one that is pushed between is young.
    const revisions = await links(join(directory, "_manifests", "revisions", "sha256"));
    found.push({ directory, revisions, layers, tagged: await taggedIn(directory) });
  }
  return found;
}

export async function taggedIn(directory: string): Promise<Set<string>> {
  const tags = join(directory, "_manifests", "tags");
  const found = new Set<string>();
  for (const tag of await directories(tags)) {
    const link = await unlessMissing(readFile(join(tags, tag, "current", "link"), "utf8"));
    const hex = /^sha256:([a-f0-9]{64})/.exec(link ?? "")?.[1];
    if (hex !== undefined) found.add(hex);
  }
  return found;
}

/** Reads manifests; each once, for they never change. */
export class Manifests {
  readonly #layout: Layout;
  readonly #known = new Map<string, References>();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** @throws when a manifest is there and cannot be read: nothing may be deleted then */
  async of(hex: string): Promise<References> {
    const known = this.#known.get(hex);
    if (known !== undefined) return known;
    const text =
      (await unlessMissing(readFile(blobData(this.#layout, hex), "utf8"))) ?? (await this.#quarantined(hex));
    // Half written: it leads to nothing yet, or never will.
    if (text === undefined || createHash("sha256").update(text).digest("hex") !== hex)
      return { blobs: [], children: [] };
    const references = referencesIn(text);
    this.#known.set(hex, references);
    return references;
  }

  /** Forgets manifests that are not there any more. */
  keepOnly(present: ReadonlySet<string>): void {
    for (const hex of this.#known.keys()) if (!present.has(hex)) this.#known.delete(hex);
  }

  async #quarantined(hex: string): Promise<string | undefined> {
    return unlessMissing(readFile(join(this.#layout.quarantine, hex), "utf8"));
  }
}

interface ManifestJson {
  config?: { digest?: string };
  layers?: { digest?: string }[];
  fsLayers?: { blobSum?: string }[];
  blobs?: { digest?: string }[];
  manifests?: { digest?: string }[];
  subject?: { digest?: string };
}

function referencesIn(text: string): References {
  const {
    config,
    layers = [],
    fsLayers = [],
    blobs = [],
    manifests = [],
    subject,
  } = JSON.parse(text) as ManifestJson;
  const digests = [config, ...layers, ...blobs].map((each) => each?.digest);
  const about = hexes([subject?.digest])[0];
  return {
    blobs: hexes([...digests, ...fsLayers.map(({ blobSum }) => blobSum)]),
    children: hexes(manifests.map(({ digest }) => digest)),
    ...(about === undefined ? {} : { subject: about }),
  };
}

function hexes(digests: readonly (string | undefined)[]): string[] {
  return digests.flatMap((digest) => {
    const hex = digest?.startsWith("sha256:") === true ? digest.slice(7) : "";
    return isHex(hex) ? [hex] : [];
  });
}
