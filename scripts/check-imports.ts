import { existsSync, globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, normalize, relative, resolve, sep } from "node:path";

/** The house: which packages a package may import. Order is the layers' order. */
const L0 = ["apimachinery", "api"];
const L1 = ["component-base", "client", "controller-runtime"];
const ENGINE = ["apiserver", "controller-manager", "kubelet", "service-proxy"];
const PLATFORM = [
  "platform-controllers",
  "registry-storage",
  "image-builder",
  "git-server",
  "cni",
  "load-balancer",
  "dns",
  "scheduler",
  "colocation",
  "log-server",
  "metrics",
  "platform-api",
];
const WHOLE = "jdosd";

const ALLOWED: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["apimachinery", []],
  ["api", ["apimachinery"]],
  ["component-base", [...L0]],
  ["client", [...L0, "component-base"]],
  ["controller-runtime", [...L0, "component-base", "client"]],
  ...[...ENGINE, ...PLATFORM, "cli"].map((name): [string, string[]] => [name, [...L0, ...L1]]),
  ["console", [...L0]],
  [WHOLE, [...L0, ...L1, ...ENGINE, ...PLATFORM]],
]);

export type Rule = "layer" | "declared" | "relative" | "start-only" | "testing" | "cycle" | "unknown-package";

export interface Violation {
  readonly rule: Rule;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

interface Import {
  readonly specifier: string;
  /** The statement's text. */
  readonly statement: string;
  /** Gone at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
}

interface SourceFile {
  /** Relative to the root. */
  readonly path: string;
  readonly packageName: string;
  readonly forTests: boolean;
  readonly imports: readonly Import[];
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const STATEMENT = /^[ \t]*(?:import|export)\s+(?:[\w*{}\s,$]+?\s+from\s+)?["']([^"'\n]+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"'\n]+)["']\s*\)/g;

/** Every module a source text names, static, dynamic or for its types. */
export function importsOf(source: string): Import[] {
  const text = source.replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, blank).replaceAll(/^\s*\/\/.*$/gm, blank);
  const found: Import[] = [];
  for (const pattern of [STATEMENT, DYNAMIC]) {
    for (const match of text.matchAll(pattern)) {
      const statement = match[0].trim();
      found.push({
        specifier: match[1]!,
        statement,
        typeOnly: /^(import|export)\s+type\b/.test(statement),
        line: text.slice(0, match.index + match[0].length).split("\n").length,
      });
    }
  }
  return found;
}

/** Line numbers stay. */
function blank(comment: string): string {
  return comment.replaceAll(/[^\n]/g, " ");
}

/** Checks every rule of the house over a repository's packages/; an empty answer is a clean one. */
export function checkImports(root: string): Violation[] {
  const files = readSources(root);
  const manifests = new Map<string, Manifest>();
  for (const { packageName } of files) {
    if (!manifests.has(packageName)) manifests.set(packageName, readManifest(root, packageName));
  }
  const violations: Violation[] = [];
  for (const file of files) {
    for (const found of file.imports) {
      for (const [rule, message] of check(file, found, manifests.get(file.packageName)!)) {
        violations.push({ rule, file: file.path, line: found.line, message });
      }
    }
  }
  for (const name of manifests.keys()) {
    if (ALLOWED.has(name)) continue;
    const message = `Package "${name}" has no layer: add it to scripts/check-imports.ts`;
    violations.push({ rule: "unknown-package", file: `packages/${name}/package.json`, line: 1, message });
  }
  return [...violations, ...fileCycles(files)];
}

function readSources(root: string): SourceFile[] {
  return globSync("packages/*/src/**/*.{ts,tsx}", { cwd: root })
    .sort()
    .map((path) => ({
      path,
      packageName: path.split(sep)[1]!,
      forTests: /\.test\.tsx?$/.test(path) || path.split(sep)[3] === "testing",
      imports: importsOf(readFileSync(join(root, path), "utf8")),
    }));
}

function readManifest(root: string, packageName: string): Manifest {
  return JSON.parse(readFileSync(join(root, "packages", packageName, "package.json"), "utf8")) as Manifest;
}

function* check(file: SourceFile, found: Import, manifest: Manifest): Generator<[Rule, string]> {
  const { specifier } = found;
  if (specifier.startsWith(".")) {
    const target = normalize(join(dirname(file.path), specifier));
    if (!target.startsWith(`packages${sep}${file.packageName}${sep}`)) {
      yield ["relative", `"${specifier}" leaves the package: import it by its name`];
    }
    if (
      !file.forTests &&
      target.startsWith(`packages${sep}${file.packageName}${sep}src${sep}testing${sep}`)
    ) {
      yield ["testing", `"${specifier}" is for tests only`];
    }
    return;
  }
  if (isBuiltin(specifier)) return;
  const name = packageOf(specifier);
  const declared = {
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...(file.forTests || found.typeOnly ? manifest.devDependencies : {}),
  };
  if (name !== manifest.name && declared[name] === undefined) {
    yield ["declared", `"${name}" is not in the dependencies of packages/${file.packageName}/package.json`];
  }
  if (name.startsWith("@jdos/")) yield* checkHouse(file, found, name.slice("@jdos/".length));
}

function* checkHouse(file: SourceFile, found: Import, target: string): Generator<[Rule, string]> {
  const { specifier, statement } = found;
  if (target === file.packageName) {
    yield ["layer", `"${specifier}" is this package itself: import the file`];
    return;
  }
  const testing = specifier === `@jdos/${target}/testing`;
  if (testing && !file.forTests) yield ["testing", `"${specifier}" is for tests only`];
  if (file.forTests && specifier === "@jdos/apiserver/testing") return;
  const allowed = ALLOWED.get(file.packageName) ?? [];
  if (!allowed.includes(target)) {
    const may = allowed.length === 0 ? "nothing" : allowed.join(", ");
    yield ["layer", `${file.packageName} may not import ${target}: it may import ${may}`];
  } else if (file.packageName === WHOLE && [...ENGINE, ...PLATFORM].includes(target) && !testing) {
    if (!/\{\s*start(\s+as\s+\w+)?,?\s*\}/.test(statement)) {
      yield ["start-only", `${WHOLE} imports \`start\` of ${target} and nothing else`];
    }
  }
}

function packageOf(specifier: string): string {
  const [scope, name] = specifier.split("/");
  return specifier.startsWith("@") ? `${scope}/${name}` : scope!;
}

/** Cycles of files through imports that exist at run time. Cycles of packages are cycles of layers: refused above. */
function fileCycles(files: readonly SourceFile[]): Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const violations: Violation[] = [];
  const visit = (file: SourceFile, trail: readonly string[]): void => {
    if (done.has(file.path)) return;
    for (const found of file.imports) {
      if (!found.specifier.startsWith(".") || found.typeOnly) continue;
      const target = byPath.get(normalize(join(dirname(file.path), found.specifier)));
      if (target === undefined) continue;
      const start = trail.indexOf(target.path);
      if (start >= 0) {
        const message = `Files import one another: ${[...trail.slice(start), target.path].join(" -> ")}`;
        violations.push({ rule: "cycle", file: file.path, line: found.line, message });
      } else visit(target, [...trail, target.path]);
    }
    done.add(file.path);
  };
  for (const file of files) visit(file, [file.path]);
  return violations;
}

function main(): void {
  const root = resolve(process.argv[2] ?? join(import.meta.dirname, ".."));
  if (!existsSync(join(root, "packages"))) throw new Error(`Cannot check imports: no packages in "${root}"`);
  const violations = checkImports(root);
  for (const { file, line, rule, message } of violations) {
    console.error(`${relative(process.cwd(), join(root, file))}:${line}: ${rule}: ${message}`);
  }
  if (violations.length > 0) process.exitCode = 1;
}

if (import.meta.main) main();
