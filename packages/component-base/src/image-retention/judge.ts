import { subjectOfTag } from "../registry/attachments.ts";

export interface RepositoryContent {
  /** Every tag and the digest it leads to. */
  readonly tags: ReadonlyMap<string, string>;
  /** Layers of a manifest. */
  layersOf(digest: string): Promise<readonly string[]>;
}

/** An object that names a digest. */
export interface Namer {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Needs {
  /** Digests that any object names, and which do. */
  readonly named: ReadonlyMap<string, readonly Namer[]>;
  /** Names of the application's Builds. */
  readonly builds: ReadonlySet<string>;
  /** Sources that were pushed later than this may yet get a Build, in seconds. */
  readonly sourcesSince: number;
}

/**
 * Why a manifest stays. object: it names it. build: its Build is there. newest: the next image shares its layers.
 * recent: a source that may yet get a Build. tag: somebody else's. image: what it is attached to, or whose layer it is, stays.
 */
export type Keeper =
  | ({ readonly by: "object" } & Namer)
  | { readonly by: "build" | "tag"; readonly name: string }
  | { readonly by: "newest" | "recent" | "image" };

/** One manifest of a repository, and why it stays. Without a keeper it may go: JDOS made it and nothing needs it. */
export interface Verdict {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly keptBy: readonly Keeper[];
}

const OURS =
  /^(?:(?<kind>build|log)-(?<build>.+)|(?<last>last-build(?:-packages)?)|source-(?<time>\d+)-[a-f0-9]{12}|(?<promoted>promoted)-[a-f0-9]{64}|(?<cache>cache)-[a-f0-9]{40})$/;

/** Whether a tag may lead to an image that runs: neither a log, a source, a remembered layer nor what is attached. */
export function isImageTag(tag: string): boolean {
  if (subjectOfTag(tag) !== undefined || tag === "last-build-packages") return false;
  return !/^(?:log-|source-\d|cache-)/.test(tag) || !OURS.test(tag);
}

type Role = "own" | "cache" | "attached" | "foreign";

interface Finding {
  readonly digest: string;
  readonly tags: string[];
  readonly roles: Set<Role>;
  readonly keptBy: Keeper[];
}

/**
 * What of a repository is needed, and by what. Only what JDOS tagged may go: a digest that any other tag leads to
 * stays. A remembered layer stays as long as an image has it, for then it takes no room.
 */
export async function judge(content: RepositoryContent, needs: Needs): Promise<Verdict[]> {
  const found = new Map<string, Finding>();
  for (const [tag, digest] of content.tags) {
    const finding = found.get(digest) ?? findingOf(digest, needs);
    found.set(digest, finding);
    const { role, keeper } = roleOf(tag, needs);
    finding.tags.push(tag);
    finding.roles.add(role);
    if (keeper !== undefined) finding.keptBy.push(keeper);
  }
  const all = [...found.values()];
  await judgeCaches(all, content);
  // What is said about an image goes with it, and before it: an image without its tag tells of nothing.
  const attached = all.filter(isAttached);
  for (const { tags, keptBy } of attached)
    if (keptBy.length === 0 && !tags.some((tag) => mayGo(found.get(subjectOfTag(tag) ?? ""))))
      keptBy.push({ by: "image" });
  return [...attached, ...all.filter((each) => !isAttached(each))];
}

/** Digests that nothing needs, in the order in which they go. */
export async function surplusOf(content: RepositoryContent, needs: Needs): Promise<string[]> {
  return (await judge(content, needs))
    .filter(({ keptBy }) => keptBy.length === 0)
    .map(({ digest }) => digest);
}

function findingOf(digest: string, { named }: Needs): Finding {
  const keptBy = (named.get(digest) ?? []).map((namer): Keeper => ({ by: "object", ...namer }));
  return { digest, tags: [], roles: new Set(), keptBy };
}

function roleOf(tag: string, needs: Needs): { role: Role; keeper?: Keeper } {
  const ours = OURS.exec(tag)?.groups;
  if (ours === undefined)
    return subjectOfTag(tag) === undefined
      ? { role: "foreign", keeper: { by: "tag", name: tag } }
      : { role: "attached" };
  if (ours.cache !== undefined) return { role: "cache" };
  const { build, time, last } = ours;
  if (last !== undefined) return own(needs.builds.size > 0, { by: "newest" });
  if (time !== undefined) return own(Number(time) >= needs.sourcesSince, { by: "recent" });
  return build === undefined ? { role: "own" } : own(needs.builds.has(build), { by: "build", name: build });
}

function own(isKept: boolean, keeper: Keeper): { role: Role; keeper?: Keeper } {
  return { role: "own", ...(isKept ? { keeper } : {}) };
}

function isAttached({ roles }: Finding): boolean {
  return roles.has("attached") && roles.size === 1;
}

function mayGo(finding: Finding | undefined): boolean {
  return finding !== undefined && finding.keptBy.length === 0;
}

async function judgeCaches(all: readonly Finding[], { layersOf }: RepositoryContent): Promise<void> {
  const caches = all.filter(({ roles }) => roles.has("cache"));
  if (caches.length === 0) return;
  const layers = new Set<string>();
  for (const each of all)
    if (!each.roles.has("cache") && (isAttached(each) || !mayGo(each)))
      for (const layer of await layersOf(each.digest)) layers.add(layer);
  for (const { digest, roles, keptBy } of caches) {
    if (roles.has("own") || keptBy.length > 0) continue;
    if ((await layersOf(digest)).some((layer) => layers.has(layer))) keptBy.push({ by: "image" });
  }
}
