import { subjectOfTag } from "@jdos/component-base/attestation";

export interface RepositoryContent {
  /** Every tag and the digest it leads to. */
  readonly tags: ReadonlyMap<string, string>;
  /** Layers of a manifest. */
  layersOf(digest: string): Promise<readonly string[]>;
}

export interface Needs {
  /** Digests that any object names. */
  readonly digests: ReadonlySet<string>;
  /** Names of the application's Builds. */
  readonly builds: ReadonlySet<string>;
  /** Sources that were pushed later than this may yet get a Build, in seconds. */
  readonly sourcesSince: number;
}

const OURS =
  /^(?:(?<kind>build|log)-(?<build>.+)|(?<last>last-build)|source-(?<time>\d+)-[a-f0-9]{12}|(?<cache>cache)-[a-f0-9]{40})$/;

/**
 * Digests of a repository that nothing needs. Only what JDOS tagged is among them: a digest that any other tag leads
 * to stays. A remembered layer stays as long as an image has it, for then it takes no room.
 */
export async function surplusOf({ tags, layersOf }: RepositoryContent, needs: Needs): Promise<string[]> {
  const caches = new Set<string>();
  const candidates = new Set<string>();
  const kept = new Set(needs.digests);
  for (const [tag, digest] of tags) {
    const ours = OURS.exec(tag)?.groups;
    if (ours?.cache !== undefined) caches.add(digest);
    else if (ours === undefined) {
      if (subjectOfTag(tag) === undefined) kept.add(digest);
    } else {
      candidates.add(digest);
      const isNeeded =
        ours.last !== undefined
          ? needs.builds.size > 0
          : ours.time === undefined
            ? needs.builds.has(ours.build ?? "")
            : Number(ours.time) >= needs.sourcesSince;
      if (isNeeded) kept.add(digest);
    }
  }
  const surplus = new Set([...candidates].filter((digest) => !kept.has(digest)));
  const layers = new Set<string>();
  if (caches.size > 0)
    for (const digest of new Set([...tags.values()]))
      if (!surplus.has(digest) && !caches.has(digest))
        for (const layer of await layersOf(digest)) layers.add(layer);
  for (const digest of caches) {
    if (kept.has(digest) || candidates.has(digest)) continue;
    if (!(await layersOf(digest)).some((layer) => layers.has(layer))) surplus.add(digest);
  }
  // What is said about an image goes with it, and before it: an image without its tag tells of nothing.
  const attached = [...tags].flatMap(([tag, digest]) => {
    const image = subjectOfTag(tag);
    return image !== undefined && surplus.has(image) && !kept.has(digest) ? [digest] : [];
  });
  return [...new Set([...attached, ...surplus])];
}
