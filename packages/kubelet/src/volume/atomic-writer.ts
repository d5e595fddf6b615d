import { randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";

export interface VolumeFile {
  readonly content: Uint8Array;
  readonly mode: number;
}

/** Relative path -> file. */
export type VolumeFiles = ReadonlyMap<string, VolumeFile>;

export interface Ownership {
  readonly uid?: number;
  readonly gid?: number;
}

const DATA = "..data";

/**
 * Makes a directory hold exactly these files, all changed at one instant: they lie in a directory of their own to
 * which the link "..data" points, and each name links through it. Writes nothing when nothing changed; returns
 * whether it did.
 */
export async function writeAtomically(
  directory: string,
  files: VolumeFiles,
  owner: Ownership = {},
): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const current = await readlink(join(directory, DATA)).catch(() => undefined);
  if (current !== undefined && (await holds(join(directory, current), files))) return false;
  const next = `..${new Date().toISOString().replace(/[-:]/g, "_").slice(0, 19)}.${randomBytes(4).toString("hex")}`;
  await writePayload(join(directory, next), files, owner);
  const link = join(directory, "..data_tmp");
  await rm(link, { force: true });
  await symlink(next, link);
  await rename(link, join(directory, DATA));
  await linkNames(directory, files);
  await removeOthers(directory, next);
  return true;
}

/** Payloads of earlier writes, also of one that was cut short. */
async function removeOthers(directory: string, current: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith("..") || name === DATA || name === current) continue;
    await rm(join(directory, name), { recursive: true, force: true });
  }
}

async function writePayload(directory: string, files: VolumeFiles, owner: Ownership): Promise<void> {
  await mkdir(directory, { mode: 0o755 });
  await chmod(directory, 0o755);
  for (const [path, { content, mode }] of files) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, content, { mode });
    await chmod(file, owner.gid === undefined ? mode : mode | 0o040 | (mode & 0o100 ? 0o010 : 0));
    if (owner.uid !== undefined || owner.gid !== undefined) await chown(file, owner.uid ?? 0, owner.gid ?? 0);
  }
}

/** One link for the first word of every path; links whose names are gone are removed. */
async function linkNames(directory: string, files: VolumeFiles): Promise<void> {
  const wanted = new Set([...files.keys()].map((path) => path.split("/")[0]!));
  const present = (await readdir(directory)).filter((name) => !name.startsWith(".."));
  for (const name of present)
    if (!wanted.has(name)) await rm(join(directory, name), { recursive: true, force: true });
  for (const name of wanted) {
    if (!present.includes(name)) await symlink(join(DATA, name), join(directory, name));
  }
}

async function holds(directory: string, files: VolumeFiles): Promise<boolean> {
  const present = await filesBelow(directory, "");
  if (present === undefined || present.length !== files.size) return false;
  for (const path of present) {
    const file = files.get(path);
    if (file === undefined || !(await readFile(join(directory, path))).equals(file.content)) return false;
  }
  return true;
}

async function filesBelow(root: string, prefix: string): Promise<string[] | undefined> {
  const names = await readdir(join(root, prefix)).catch(() => undefined);
  if (names === undefined) return undefined;
  const found: string[] = [];
  for (const name of names) {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    if ((await lstat(join(root, path))).isDirectory()) found.push(...((await filesBelow(root, path)) ?? []));
    else found.push(path);
  }
  return found;
}
