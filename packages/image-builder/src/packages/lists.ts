/** One package of an image. Its type is that of package URLs; "os" is the distribution itself. */
export interface Package {
  type: "os" | "deb" | "npm" | "pypi" | "golang" | "composer" | "gem";
  name: string;
  version: string;
  /** Of deb. */
  architecture?: string;
}

/** Above this a file is no list of packages. */
export const MAX_LIST_BYTES = 24 * 1024 * 1024;
const MAX_YAML_BYTES = 4 * 1024 * 1024;

type Reader = (text: string) => Package[] | Promise<Package[]>;

/** Files that list packages, by how their path ends. The first that fits reads it. */
const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/^var\/lib\/dpkg\/status$/, readDpkg],
  [/^var\/lib\/dpkg\/status\.d\/[^/]+$/, readDpkg],
  [/^(usr\/lib|etc)\/os-release$/, readOsRelease],
  [/(^|\/)(node_modules\/\.package-lock|package-lock|npm-shrinkwrap)\.json$/, readNpm],
  [/(^|\/)pnpm-lock\.yaml$/, readPnpm],
  [/(^|\/)yarn\.lock$/, readYarn],
  [/(^|\/)requirements\.txt$/, readRequirements],
  [/\.dist-info\/METADATA$/, readWheel],
  [/(^|\/)go\.mod$/, readGoModule],
  [/(^|\/)composer\.lock$/, readComposer],
  [/(^|\/)Gemfile\.lock$/, readGems],
];

/** What is in there dpkg lists, but for these. */
const OF_DEBIAN = /^(usr|var|proc|sys|dev)\//;
const NOT_OF_DEBIAN = /^(usr\/local\/|usr\/lib\/os-release$|var\/lib\/dpkg\/|var\/www\/)/;

/** How the file at a path is read; undefined: it lists no packages. */
export function readerOf(path: string): Reader | undefined {
  if (OF_DEBIAN.test(path) && !NOT_OF_DEBIAN.test(path)) return undefined;
  return READERS.find(([pattern]) => pattern.test(path))?.[1];
}

/** Source: Debian policy, 5: control files. */
function readDpkg(text: string): Package[] {
  return text.split(/\n\n+/).flatMap((paragraph): Package[] => {
    const field = (name: string) => new RegExp(`^${name}: *(.+)$`, "m").exec(paragraph)?.[1]?.trim();
    const [name, version, architecture] = [field("Package"), field("Version"), field("Architecture")];
    const status = field("Status");
    if (name === undefined || version === undefined) return [];
    if (status !== undefined && !status.endsWith(" installed")) return [];
    return [{ type: "deb", name, version, ...(architecture === undefined ? {} : { architecture }) }];
  });
}

function readOsRelease(text: string): Package[] {
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(text)?.[1];
  const name = field("ID");
  return name === undefined ? [] : [{ type: "os", name, version: field("VERSION_ID") ?? "" }];
}

interface NpmLock {
  packages?: Record<string, { name?: string; version?: string; dev?: boolean; link?: boolean }>;
  dependencies?: Record<string, { version?: string; dev?: boolean }>;
}

/** Source: npm, package-lock.json: `packages` since 7, `dependencies` before. */
function readNpm(text: string): Package[] {
  const { packages, dependencies = {} } = JSON.parse(text) as NpmLock;
  if (packages === undefined)
    return Object.entries(dependencies).flatMap(([name, { version, dev }]) =>
      dev === true ? [] : of("npm", name, version),
    );
  return Object.entries(packages).flatMap(([path, { name, version, dev, link }]) => {
    const at = path.lastIndexOf("node_modules/");
    if (at === -1 || dev === true || link === true) return [];
    return of("npm", name ?? path.slice(at + "node_modules/".length), version);
  });
}

/** Keys of `packages`: "name@1.2.3", "/name@1.2.3(peer)" of older ones. Source: pnpm, lockfile 6 and 9. */
async function readPnpm(text: string): Promise<Package[]> {
  const { packages = {} } = (await yaml(text)) as { packages?: Record<string, { dev?: boolean }> };
  return Object.entries(packages).flatMap(([key, value]) => {
    const [, name, version] = /^\/?(@?[^@]+)@([^(]+)/.exec(key) ?? [];
    return value?.dev === true ? [] : of("npm", name, version);
  });
}

/** Both forms: of yarn 1, and the YAML of later ones. */
function readYarn(text: string): Package[] {
  return [...text.matchAll(/^"?(@?[^@\s"]+)@[^\n]*:\n {2}version:? "?([^"\s]+)"?$/gm)].flatMap(
    ([, name, version]) => (version?.startsWith("0.0.0-use.local") ? [] : of("npm", name, version)),
  );
}

/** Of requirements those that name one version. */
function readRequirements(text: string): Package[] {
  return [...text.matchAll(/^\s*([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*===?\s*([^\s;#\\]+)/gm)].flatMap(
    ([, name = "", version]) => of("pypi", pythonName(name), version),
  );
}

function readWheel(text: string): Package[] {
  const head = text.slice(0, text.search(/\n\n|$/));
  const name = /^Name: *(.+)$/m.exec(head)?.[1]?.trim() ?? "";
  return of("pypi", pythonName(name), /^Version: *(.+)$/m.exec(head)?.[1]?.trim());
}

function pythonName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

function readGoModule(text: string): Package[] {
  return [...text.matchAll(/^(?:require)?\s+([a-z0-9.-]+\.[a-z]+\/?\S*)\s+(v\S+)/gm)].flatMap(
    ([, name, version]) => of("golang", name, version),
  );
}

function readComposer(text: string): Package[] {
  const { packages = [] } = JSON.parse(text) as { packages?: { name?: string; version?: string }[] };
  return packages.flatMap(({ name, version }) => of("composer", name, version));
}

/** The lines `    name (1.2.3)` below `specs:`. */
function readGems(text: string): Package[] {
  return [...text.matchAll(/^ {4}([A-Za-z0-9._-]+) \(([^)\s]+)\)$/gm)].flatMap(([, name, version]) =>
    of("gem", name, version),
  );
}

function of(type: Package["type"], name: string | undefined, version: string | undefined): Package[] {
  return name === undefined || name === "" || version === undefined ? [] : [{ type, name, version }];
}

async function yaml(text: string): Promise<unknown> {
  if (text.length > MAX_YAML_BYTES) return {};
  const { parse } = await import("yaml");
  return parse(text, { maxAliasCount: 0 }) ?? {};
}
