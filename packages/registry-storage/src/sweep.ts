import { mkdir, readdir, rename, rm, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  blobData,
  blobDirectory,
  directories,
  entries,
  isHex,
  type Layout,
  links,
  storedBlobs,
  unlessMissing,
} from "./layout.ts";
import { type Manifests, type Repository, readRepositories, taggedIn } from "./repository.ts";

export interface SweepOptions {
  readonly layout: Layout;
  readonly manifests: Manifests;
  /** Nothing goes that was pushed or mounted since; and a blob waits as long in quarantine. */
  readonly graceMillis: number;
  /** An upload goes that nobody has written to for so long, and a blob though more are still pushed beside it. */
  readonly uploadGraceMillis: number;
  /** Digests in hexadecimal that are needed though no tag names them; undefined: it is not known, and no manifest goes. */
  readonly needed: ReadonlySet<string> | undefined;
  readonly now: number;
  /** Called before each change of the disk. */
  readonly beforeChange?: () => void;
}

export interface SweepResult {
  manifests: number;
  blobs: number;
  freedBytes: number;
  restored: number;
  uploads: number;
}

/**
 * Takes away what no tag and nothing of the platform leads to, while the registry is pushed to: decision 0017. Killed
 * at any line, it leaves nothing broken, and the next run takes up what it left. Of all runs of one directory only one
 * may be under way.
 */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const result = { manifests: 0, blobs: 0, freedBytes: 0, restored: 0, uploads: 0 };
  const before = await readRepositories(options.layout);
  await removeManifests(before, options, result);
  const marked = await mark(options);
  const hidden = await hideBlobs(marked, options);
  // What was pushed while it marked is seen now, and gets its blobs back.
  const remarked = await mark(options);
  await endQuarantine({ ...remarked, hidden }, options, result);
  await removeTraces(remarked, options, result);
  return result;
}

interface Marked {
  readonly repositories: readonly Repository[];
  /** Of all manifests there are: themselves, and what they lead to. */
  readonly blobs: ReadonlySet<string>;
  /** When each blob was last pushed or mounted somewhere. */
  readonly linked: ReadonlyMap<string, number>;
  /** When anything was last pushed to a repository that has the blob: whoever pushes many may not be done. */
  readonly joined: ReadonlyMap<string, number>;
}

async function mark({ layout, manifests }: SweepOptions): Promise<Marked> {
  const repositories = await readRepositories(layout);
  const blobs = new Set<string>();
  const linked = new Map<string, number>();
  const joined = new Map<string, number>();
  const revisions = new Set<string>();
  for (const repository of repositories) {
    for (const hex of repository.revisions.keys()) {
      revisions.add(hex);
      blobs.add(hex);
      const references = await manifests.of(hex);
      for (const each of [...references.blobs, ...references.children]) blobs.add(each);
    }
    let latest = 0;
    for (const time of repository.layers.values()) latest = Math.max(latest, time);
    for (const [hex, time] of repository.layers) {
      linked.set(hex, Math.max(time, linked.get(hex) ?? 0));
      joined.set(hex, Math.max(latest, joined.get(hex) ?? 0));
    }
  }
  manifests.keepOnly(revisions);
  return { repositories, blobs, linked, joined };
}

/** Manifests that neither a tag nor the platform leads to, directly or by an index or a subject. */
async function removeManifests(
  repositories: readonly Repository[],
  options: SweepOptions,
  result: SweepResult,
): Promise<void> {
  const { needed } = options;
  if (needed === undefined) return;
  for (const repository of repositories) {
    const kept = await keptRevisions(repository, needed, options);
    for (const hex of repository.revisions.keys()) {
      if (kept.has(hex)) continue;
      const directory = join(repository.directory, "_manifests", "revisions", "sha256", hex);
      const link = join(directory, "link");
      // Pushed again a moment ago.
      const state = await unlessMissing(stat(link));
      if (state === undefined || options.now - state.mtimeMs < options.graceMillis) continue;
      options.beforeChange?.();
      await unlessMissing(unlink(link));
      if ((await taggedIn(repository.directory)).has(hex)) {
        await mkdir(directory, { recursive: true });
        await writeFile(link, `sha256:${hex}`);
      } else result.manifests++;
    }
  }
}

async function keptRevisions(
  { revisions, tagged }: Repository,
  needed: ReadonlySet<string>,
  { now, graceMillis, manifests }: SweepOptions,
): Promise<Set<string>> {
  const kept = new Set<string>();
  const bySubject = new Map<string, string[]>();
  for (const hex of revisions.keys()) {
    const { subject } = await manifests.of(hex);
    if (subject !== undefined) bySubject.set(subject, [...(bySubject.get(subject) ?? []), hex]);
  }
  const open = [...revisions].flatMap(([hex, time]) =>
    tagged.has(hex) || needed.has(hex) || now - time < graceMillis ? [hex] : [],
  );
  for (let hex = open.pop(); hex !== undefined; hex = open.pop()) {
    if (kept.has(hex)) continue;
    kept.add(hex);
    open.push(...(await manifests.of(hex)).children, ...(bySubject.get(hex) ?? []));
  }
  return kept;
}

/** From now on the registry says of these blobs that it does not have them, so that whoever needs one uploads it. */
async function hideBlobs({ blobs, linked, joined }: Marked, options: SweepOptions): Promise<Set<string>> {
  const hidden = new Set<string>();
  const { layout, now, graceMillis, uploadGraceMillis, beforeChange } = options;
  for await (const { hex, modifiedMillis } of storedBlobs(layout)) {
    const touched = Math.max(modifiedMillis, linked.get(hex) ?? 0);
    if (blobs.has(hex) || now - touched < graceMillis) continue;
    if (now - (joined.get(hex) ?? 0) < graceMillis && now - touched < uploadGraceMillis) continue;
    beforeChange?.();
    await mkdir(layout.quarantine, { recursive: true });
    await unlessMissing(rename(blobData(layout, hex), join(layout.quarantine, hex)));
    hidden.add(hex);
  }
  return hidden;
}

/** Gives back what is needed after all; what is not goes when its time is over. */
async function endQuarantine(
  { blobs, hidden }: Marked & { hidden: ReadonlySet<string> },
  { layout, now, graceMillis, beforeChange }: SweepOptions,
  result: SweepResult,
): Promise<void> {
  for (const { name: hex } of await entries(layout.quarantine)) {
    if (!isHex(hex)) continue;
    const file = join(layout.quarantine, hex);
    const state = await unlessMissing(stat(file));
    if (state === undefined) continue;
    if (blobs.has(hex) && (await unlessMissing(stat(blobData(layout, hex)))) === undefined) {
      beforeChange?.();
      await mkdir(blobDirectory(layout, hex), { recursive: true });
      await rename(file, blobData(layout, hex));
      result.restored++;
      // A rename changes the time of the inode, and nothing else: it is when the quarantine began.
    } else if (!hidden.has(hex) && now - state.ctimeMs >= graceMillis) {
      beforeChange?.();
      await unlink(file);
      result.blobs++;
      result.freedBytes += state.size;
    }
  }
}

/** Links that lead nowhere, uploads that were left, directories without content. */
async function removeTraces(
  { repositories, blobs }: Marked,
  options: SweepOptions,
  result: SweepResult,
): Promise<void> {
  const { layout, now, graceMillis, beforeChange } = options;
  const remove = async (directory: string): Promise<void> => {
    beforeChange?.();
    await rm(directory, { recursive: true, force: true });
  };
  for (const { directory, layers } of repositories) {
    for (const [hex, time] of layers) {
      if (blobs.has(hex) || now - time < graceMillis) continue;
      // While it can come back, whoever may have it still may.
      const places = [blobData(layout, hex), join(layout.quarantine, hex)];
      if ((await Promise.all(places.map((path) => unlessMissing(stat(path))))).some((each) => each)) continue;
      await remove(join(directory, "_layers", "sha256", hex));
    }
    const revisions = join(directory, "_manifests", "revisions", "sha256");
    const present = await links(revisions);
    for (const hex of await directories(revisions)) {
      if (!present.has(hex) && (await isOld(join(revisions, hex), options)))
        await removeIfEmpty(join(revisions, hex), beforeChange);
    }
    for (const tag of await directories(join(directory, "_manifests", "tags"))) {
      const index = join(directory, "_manifests", "tags", tag, "index", "sha256");
      for (const hex of (await directories(index)).filter((each) => !present.has(each)))
        if (await isOld(join(index, hex), options)) await remove(join(index, hex));
    }
    for (const upload of await directories(join(directory, "_uploads"))) {
      const path = join(directory, "_uploads", upload);
      if (now - (await newestIn(path)) < options.uploadGraceMillis) continue;
      await remove(path);
      result.uploads++;
    }
  }
  await removeEmptyBelow(layout.blobs, options);
  await removeEmptyBelow(layout.repositories, options);
}

async function isOld(path: string, { now, graceMillis }: SweepOptions): Promise<boolean> {
  const state = await unlessMissing(stat(path));
  return state !== undefined && now - state.mtimeMs >= graceMillis;
}

async function newestIn(directory: string): Promise<number> {
  let newest = (await unlessMissing(stat(directory)))?.mtimeMs ?? Number.POSITIVE_INFINITY;
  for (const { name } of await entries(directory)) {
    const state = await unlessMissing(stat(join(directory, name)));
    newest = Math.max(newest, state?.mtimeMs ?? 0);
  }
  return newest;
}

/** Removes directories that have been empty for the time of grace, the innermost first. */
async function removeEmptyBelow(directory: string, options: SweepOptions): Promise<void> {
  for (const name of await directories(directory)) {
    const path = join(directory, name);
    await removeEmptyBelow(path, options);
    if (await isOld(path, options)) await removeIfEmpty(path, options.beforeChange);
  }
}

async function removeIfEmpty(directory: string, beforeChange: (() => void) | undefined): Promise<void> {
  if (((await unlessMissing(readdir(directory))) ?? ["gone"]).length > 0) return;
  beforeChange?.();
  try {
    await rmdir(directory);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(code)) throw error;
  }
}
