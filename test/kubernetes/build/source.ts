import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "@jdos/component-base";
import { readAptSources } from "../../../packages/jdosd/src/host/apt-sources.ts";
import { TestBedError } from "../support/errors.ts";
import { KUBERNETES_VERSION } from "./cache.ts";

/** Debian names the release so, for it went back from 1.20.5. */
const DEBIAN_VERSION = `1.20.5+really${KUBERNETES_VERSION}-`;

const REFLECT2 = "github.com/modern-go/reflect2";
/** Where Debian's golang-github-modern-go-reflect2-dev puts its source. */
export const DEBIAN_REFLECT2 = `/usr/share/gocode/src/${REFLECT2}`;

/**
 * Unpacks Debian's source package of Kubernetes into target. The host's own list of repositories stays as it is:
 * the list with sources is the build's own.
 * @throws TestBedError SourceMissing
 */
export async function unpackSource(work: string, target: string): Promise<void> {
  const apt = await sourceLists(join(work, "apt"));
  const download = join(work, "download");
  await rm(download, { recursive: true, force: true });
  await mkdir(download, { recursive: true });
  const version = await sourceVersion(apt);
  await runCommand([...apt, "source", "--download-only", `kubernetes=${version}`], {
    cwd: download,
    timeoutSeconds: 900,
  });
  const description = (await readdir(download)).find((name) => name.endsWith(".dsc"))!;
  await rm(target, { recursive: true, force: true });
  await mkdir(dirname(target), { recursive: true });
  await runCommand(["dpkg-source", "--no-check", "--extract", join(download, description), target], {
    timeoutSeconds: 600,
  });
  await replaceReflect2(join(target, "vendor", REFLECT2));
}

type Command = readonly [string, ...string[]];

async function sourceLists(directory: string): Promise<Command> {
  await mkdir(join(directory, "lists/partial"), { recursive: true });
  await mkdir(join(directory, "parts"), { recursive: true });
  const { text } = await readAptSources();
  await writeFile(
    join(directory, "parts/sources.sources"),
    text.replaceAll(/^Types:.*$/gim, "Types: deb-src"),
  );
  const apt: Command = [
    "apt-get",
    "--quiet",
    "-o",
    "Dir::Etc::sourcelist=/dev/null",
    "-o",
    `Dir::Etc::sourceparts=${join(directory, "parts")}`,
    "-o",
    `Dir::State::lists=${join(directory, "lists")}`,
  ];
  await runCommand([...apt, "update"], { timeoutSeconds: 600 });
  return apt;
}

async function sourceVersion([, ...options]: Command): Promise<string> {
  const { stdout } = await runCommand(["apt-cache", ...options, "showsrc", "--only-source", "kubernetes"]);
  const versions = [...stdout.matchAll(/^Version: (.+)$/gm)].map((match) => match[1]!);
  const version = versions.find((candidate) => candidate.startsWith(DEBIAN_VERSION));
  if (version !== undefined) return version;
  throw new TestBedError(
    "SourceMissing",
    `Cannot build Kubernetes ${KUBERNETES_VERSION}: Debian's mirror has ${versions.join(", ") || "no version"}`,
    { hint: "Debian 12 (bookworm) has it" },
  );
}

/** The vendored 1.0.1 panics at most writes when a Go of 1.18 or newer builds it; Debian packages 1.0.2. */
async function replaceReflect2(vendored: string): Promise<void> {
  await rm(vendored, { recursive: true });
  await cp(DEBIAN_REFLECT2, vendored, { recursive: true });
}
