import { execFile } from "node:child_process";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import ignoreRules, { type Ignore } from "ignore";

const run = promisify(execFile);

/** Never part of a source, whatever the ignore files say. */
const NEVER = [".git", "node_modules", ".DS_Store"];
/** The builder reads them, whatever .dockerignore says. */
const ALWAYS = ["Dockerfile", ".dockerignore"];

/** Paths of the files that belong to a source directory, relative, sorted, with "/" between the parts. */
export async function listFiles(directory: string, variables: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const found = (await gitFiles(directory, variables)) ?? (await walk(directory, "", []));
  const docker = dockerRules(await readOptional(join(directory, ".dockerignore")));
  const kept = found.filter(
    (path) =>
      !path.split("/").some((part) => NEVER.includes(part)) &&
      (ALWAYS.includes(path) || !docker.ignores(path)),
  );
  return [...new Set(kept)].sort();
}

/** What git would track: its index and what is new and not ignored; undefined where there is no git checkout. */
async function gitFiles(directory: string, variables: NodeJS.ProcessEnv): Promise<string[] | undefined> {
  const git = (...args: string[]) =>
    run("git", ["-C", directory, ...args], {
      maxBuffer: 256 * 1024 * 1024,
      env: { ...variables, GIT_OPTIONAL_LOCKS: "0" },
    });
  try {
    const { stdout: ignored } = await git("rev-parse", "--is-inside-work-tree");
    if (ignored.trim() !== "true") return undefined;
    const { stdout } = await git("ls-files", "-z", "--cached", "--others", "--exclude-standard");
    const names = stdout.split("\0").filter((name) => name !== "");
    // A directory that git ignores as a whole is packed as it stands.
    if (names.length === 0) return undefined;
    return (await Promise.all(names.map((name) => expand(directory, name)))).flat();
  } catch {
    return undefined;
  }
}

/** The index also names files that were removed, and submodules as directories. */
async function expand(directory: string, name: string): Promise<string[]> {
  try {
    const entry = await lstat(join(directory, name));
    return entry.isDirectory() ? walk(directory, name.replace(/\/$/, ""), []) : [name];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

interface Scope {
  base: string;
  rules: Ignore;
}

/** All files below, without what the .gitignore of each directory on the way leaves out. */
async function walk(root: string, base: string, outer: readonly Scope[]): Promise<string[]> {
  const own = await readOptional(join(root, base, ".gitignore"));
  const scopes = own === undefined ? outer : [...outer, { base, rules: ignoreRules().add(own) }];
  const entries = await readdir(join(root, base), { withFileTypes: true });
  const nested = entries
    .filter((entry) => !NEVER.includes(entry.name))
    .map(async (entry): Promise<string[]> => {
      const path = base === "" ? entry.name : `${base}/${entry.name}`;
      if (isIgnored(entry.isDirectory() ? `${path}/` : path, scopes)) return [];
      if (entry.isDirectory()) return walk(root, path, scopes);
      return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
    });
  return (await Promise.all(nested)).flat();
}

function isIgnored(path: string, scopes: readonly Scope[]): boolean {
  let ignored = false;
  for (const { base, rules } of scopes) {
    const { ignored: yes, unignored: no } = rules.test(base === "" ? path : path.slice(base.length + 1));
    ignored = yes || (ignored && !no);
  }
  return ignored;
}

/** Patterns of .dockerignore begin at the root, unlike those of .gitignore. */
function dockerRules(text: string | undefined): Ignore {
  const patterns = (text ?? "").split(/\r?\n/).flatMap((line) => {
    const pattern = line.trim();
    if (pattern === "" || pattern.startsWith("#")) return [];
    const negated = pattern.startsWith("!") ? "!" : "";
    const path = pattern.slice(negated.length).replace(/^\.?\/+/, "");
    return path === "" || path === "." ? [] : [`${negated}${path.startsWith("**/") ? "" : "/"}${path}`];
  });
  return ignoreRules().add(patterns);
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw error;
  }
}
