import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError, runCommand } from "@jdos/component-base";
import { JdosdError } from "../errors.ts";
import type { AptSources } from "./apt-sources.ts";
import { LAYER_OPTIONS, packLayer } from "./layer.ts";

export interface RootFileSystemOptions {
  /** An empty directory of our own; the root file system appears in `root` within. */
  workDir: string;
  sources: AptSources;
  basePackages: readonly string[];
  toolsPackages: readonly string[];
  /** What mmdebstrap said, when it fails. */
  logFile: string;
}

export interface RootFileSystem {
  readonly root: string;
  /** The base as an uncompressed tar. */
  readonly baseLayer: string;
  /** What the tools add to it, likewise. */
  readonly toolsLayer: string;
}

const NOT_IN_IMAGES = ["doc", "info", "lintian", "locale", "man", "bash-completion", "zsh"];

/** Files of this one build, and what a runtime brings itself. */
const LEFT_OUT = [
  "./dev/*",
  "./proc/*",
  "./sys/*",
  "./run/*",
  "./tmp/*",
  "./var/tmp/*",
  "./var/log/*",
  "./var/cache/apt/*",
  "./var/cache/ldconfig/*",
  "./var/lib/apt/lists/*",
  "./var/lib/dpkg/*-old",
  "./etc/*-",
  "./etc/machine-id",
  "./etc/resolv.conf",
  "./etc/hostname",
  "./etc/apt/apt.conf.d/99mmdebstrap",
];

/** snapshot ROOT LIST [LAYER]: what is there, a record a file; and all of it as a layer. */
const SNAPSHOT = String.raw`#!/bin/sh
set -eu
cd "$1"
find . -mindepth 1 -xdev \( ${LEFT_OUT.map((pattern) => `-path '${pattern}'`).join(" -o ")} \) -prune \
  -o -printf '%y %m %U %G %s %T@ %i %l\t%P\0' | sort --zero-terminated --key=2 --field-separator="$(printf '\t')" >"$2"
[ -z "$3" ] || cut --zero-terminated --fields=2- "$2" | tar --create --file="$3" ${LAYER_OPTIONS.join(" ")}
`;

/** What Prometheus' pages would need, which nobody sees, and its tool: more than all the rest. */
const NOT_IN_TOOLS = [
  "/usr/share/javascript/*",
  "/usr/share/nodejs/*",
  "/usr/share/fonts/*",
  "/usr/bin/promtool",
];

/** tools ROOT PACKAGE...: the host's apt installs into the root. */
const TOOLS = `#!/bin/sh
set -eu
root=$1
shift
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --yes --no-install-recommends -oDPkg::Chroot-Directory="$root" \\
  ${NOT_IN_TOOLS.map((path) => `'-oDPkg::Options::=--path-exclude=${path}'`).join(" ")} install "$@"
`;

/** Makes Debian once, and takes two layers of it: before and after the tools are installed. */
export async function makeRootFileSystem(options: RootFileSystemOptions): Promise<RootFileSystem> {
  const { workDir, sources } = options;
  const at = (name: string) => join(workDir, name);
  const excluded = NOT_IN_IMAGES.map((name) => `path-exclude=/usr/share/${name}/*`);
  await writeFile(at("dpkg.cfg"), `${[...excluded, "path-include=/usr/share/doc/*/copyright"].join("\n")}\n`);
  await writeFile(
    at("apt.conf"),
    `${['Acquire::Languages "none";', 'Acquire::Retries "3";', ...sources.options].join("\n")}\n`,
  );
  await writeFile(at("snapshot"), SNAPSHOT, { mode: 0o755 });
  await writeFile(at("tools"), TOOLS, { mode: 0o755 });
  await debootstrap(options, [
    "--mode=root",
    "--variant=apt",
    "--format=directory",
    `--include=${options.basePackages.join(",")}`,
    `--dpkgopt=${at("dpkg.cfg")}`,
    `--aptopt=${at("apt.conf")}`,
    `--customize-hook=chroot "$1" useradd --uid 1000 --user-group --create-home --shell /bin/sh app`,
    `--customize-hook="${at("snapshot")}" "$1" "${at("base.list")}" "${at("base.tar")}"`,
    `--customize-hook="${at("tools")}" "$1" ${options.toolsPackages.join(" ")}`,
    `--customize-hook="${at("snapshot")}" "$1" "${at("tools.list")}" ""`,
    sources.codename,
    at("root"),
    "-",
  ]);
  const changed = difference(
    await readFile(at("base.list"), "utf8"),
    await readFile(at("tools.list"), "utf8"),
  );
  await packLayer({ directory: at("root"), layer: at("tools.tar"), paths: changed });
  return { root: at("root"), baseLayer: at("base.tar"), toolsLayer: at("tools.tar") };
}

/** The caller's apt configuration and locale must not reach the chroot. */
const CLEAN_ENVIRONMENT = ["env", "-u", "APT_CONFIG", "LC_ALL=C"] as const;

/** Asked to end when this process ends, however that happens: it would go on for a minute and be in the next one's way. */
const WITH_PARENT = ["setpriv", "--pdeathsig", "TERM"] as const;

async function debootstrap(
  { sources, logFile }: RootFileSystemOptions,
  args: readonly string[],
): Promise<void> {
  try {
    await runCommand([...CLEAN_ENVIRONMENT, ...WITH_PARENT, "mmdebstrap", ...args], {
      input: sources.text,
      timeoutSeconds: 900,
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    await writeFile(logFile, error.stderr);
    const unreachable =
      /Could not resolve|Could not connect|Failed to fetch|Temporary failure|not have a Release file/.test(
        error.stderr,
      );
    throw new JdosdError(
      unreachable ? "NetworkUnreachable" : "ImageBuildFailed",
      `Cannot make the base image: ${firstComplaint(error)}`,
      {
        cause: error,
        hint: unreachable
          ? "Check the network and Debian's mirror in /etc/apt/sources.list.d"
          : `All that mmdebstrap said is in ${logFile}`,
      },
    );
  }
}

/** The cause comes first; what follows says only that what needed it failed too. */
function firstComplaint({ stderr, message }: CommandError): string {
  return stderr.split("\n").find((line) => /^(E|tar|find|dpkg: error[^:]*): /.test(line)) ?? message;
}

/** Paths that are new or other in the second listing. What packages remove again is not of interest here. */
function difference(before: string, after: string): string[] {
  const known = new Set(before.split("\0"));
  return after
    .split("\0")
    .filter((record) => record !== "" && !known.has(record))
    .map((record) => record.slice(record.indexOf("\t") + 1));
}
