import { access, chmod, constants, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { CommandError, runCommand } from "@jdos/component-base";
import { JdosdError } from "../errors.ts";

/** A program the platform runs on the host, and the Debian package that brings it. */
export interface HostProgram {
  readonly program: string;
  readonly package: string;
}

export const HOST_PROGRAMS: readonly HostProgram[] = [
  { program: "containerd", package: "containerd" },
  { program: "ctr", package: "containerd" },
  { program: "runc", package: "runc" },
  { program: "mmdebstrap", package: "mmdebstrap" },
  { program: "nft", package: "nftables" },
  { program: "ip", package: "iproute2" },
  { program: "git", package: "git" },
  { program: "curl", package: "curl" },
  { program: "conntrack", package: "conntrack" },
  { program: "update-ca-certificates", package: "ca-certificates" },
];

/** Where Debian keeps programs; root's PATH may lack the sbin directories. */
const PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface HostOptions {
  /** Defaults to this process's PATH and Debian's own. */
  path?: string;
  programs?: readonly HostProgram[];
}

/** PATH with Debian's directories at its end. */
export function hostPath(path: string): string {
  return [...new Set([...path.split(delimiter), ...PROGRAM_PATH.split(delimiter)])]
    .filter(Boolean)
    .join(delimiter);
}

/** The packages whose programs are not on the machine, each once. */
export async function missingPackages({
  path = PROGRAM_PATH,
  programs = HOST_PROGRAMS,
}: HostOptions = {}): Promise<string[]> {
  const present = await Promise.all(programs.map(({ program }) => isProgram(program, hostPath(path))));
  return [...new Set(programs.filter((_, at) => !present[at]).map((program) => program.package))];
}

async function isProgram(name: string, path: string): Promise<boolean> {
  for (const directory of path.split(delimiter)) {
    try {
      await access(join(directory, name), constants.X_OK);
      return true;
    } catch {
      // The next directory may have it.
    }
  }
  return false;
}

/** Installs Debian packages without starting their services. Says which; nothing when the list is empty. */
export async function installPackages(
  packages: readonly string[],
  say: (message: string) => void = () => {},
): Promise<void> {
  if (packages.length === 0) return;
  await requireDebian(packages);
  await withServicesStopped(async () => {
    say(`apt-get install ${packages.join(" ")}`);
    const install = () => apt(["install", "--yes", "--no-install-recommends", ...packages]);
    try {
      await install();
    } catch {
      // Lists that are missing or out of date are the usual reason.
      await apt(["update"]);
      await install();
    }
  });
}

const APT_GET = ["apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=300"];

async function apt(args: readonly string[]): Promise<void> {
  try {
    await runCommand(["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", ...APT_GET, ...args], {
      timeoutSeconds: 600,
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const unreachable = /Could not resolve|Could not connect|Failed to fetch|Temporary failure/.test(
      error.stderr,
    );
    throw new JdosdError(
      unreachable ? "NetworkUnreachable" : "PackagesMissing",
      `Cannot run apt-get ${args.join(" ")}: ${unreachable ? "Debian's mirror does not answer" : lastLine(error.stderr)}`,
      {
        cause: error,
        hint: unreachable
          ? "Check the network and the mirror in /etc/apt/sources.list.d"
          : "Run the same command by hand to see more",
      },
    );
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

async function requireDebian(packages: readonly string[]): Promise<void> {
  const hint = `Install by hand what brings: ${packages.join(", ")}`;
  if (process.getuid?.() !== 0) {
    throw new JdosdError("NotRoot", `Cannot install ${packages.join(", ")}: not root`, {
      hint: "Run it as root",
    });
  }
  if (!(await isProgram("apt-get", PROGRAM_PATH))) {
    throw new JdosdError("NotDebian", `Cannot install ${packages.join(", ")}: this machine has no apt-get`, {
      hint,
    });
  }
}

const POLICY = "/usr/sbin/policy-rc.d";
const REFUSE_ALL = "#!/bin/sh\n# Services of packages that jdos installs are not started.\nexit 101\n";

/** Debian asks policy-rc.d before a package starts its service; the machine's own answer is put back after. */
async function withServicesStopped<T>(action: () => Promise<T>): Promise<T> {
  const kept = `${POLICY}.before-jdos`;
  const present = await readFile(POLICY, "utf8").catch(() => undefined);
  if (present !== undefined && present !== REFUSE_ALL) await rename(POLICY, kept);
  await writeFile(POLICY, REFUSE_ALL);
  await chmod(POLICY, 0o755);
  try {
    return await action();
  } finally {
    await rm(POLICY, { force: true });
    await rename(kept, POLICY).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
}
