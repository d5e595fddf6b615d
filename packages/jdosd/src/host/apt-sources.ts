import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "@jdos/component-base";
import { JdosdError } from "../errors.ts";

/** Where Debian's own packages come from on this machine. */
export interface AptSources {
  /** "bookworm". */
  readonly codename: string;
  /** deb822 text without comments: Debian's suites only. */
  readonly text: string;
  /** apt options that downloads need here, as apt.conf lines: proxies, time-outs, validity checks. */
  readonly options: readonly string[];
}

/**
 * Reads the machine's apt configuration. Other vendors' repositories are left out: an image holds Debian.
 * @throws JdosdError NotDebian
 */
export async function readAptSources(etc = "/etc"): Promise<AptSources> {
  const codename =
    /^VERSION_CODENAME="?(\w+)"?$/m.exec(await readFile(join(etc, "os-release"), "utf8"))?.[1] ?? "";
  const apt = join(etc, "apt");
  const parts = await readdir(join(apt, "sources.list.d")).catch(() => []);
  const files = ["sources.list", ...parts.sort().map((name) => join("sources.list.d", name))];
  const entries: string[] = [];
  for (const file of files) {
    const text = await readFile(join(apt, file), "utf8").catch(() => "");
    entries.push(...(file.endsWith(".sources") ? stanzas(text, codename) : oneLiners(text, codename)));
  }
  if (entries.length === 0) {
    throw new JdosdError("NotDebian", `Cannot find Debian's mirror: no suite "${codename}" in ${apt}`, {
      hint: "Add Debian's repository to /etc/apt/sources.list.d",
    });
  }
  return { codename, text: `${entries.join("\n\n")}\n`, options: await downloadOptions() };
}

function isSuite(suite: string, codename: string): boolean {
  return [codename, `${codename}-updates`, `${codename}-security`, `${codename}/updates`].includes(suite);
}

function stanzas(text: string, codename: string): string[] {
  return text
    .replaceAll(/^#.*\n?/gm, "")
    .split(/\n\s*\n/)
    .map((stanza) => stanza.trim())
    .filter((stanza) => {
      const field = (name: string) =>
        new RegExp(`^${name}:[ \\t]*(.+)$`, "im").exec(stanza)?.[1]?.trim() ?? "";
      if (/^no$/i.test(field("Enabled")) || !field("Types").split(/\s+/).includes("deb")) return false;
      return field("Suites")
        .split(/\s+/)
        .some((suite) => isSuite(suite, codename));
    });
}

/** One-line entries become stanzas, so that one text may hold both styles. */
function oneLiners(text: string, codename: string): string[] {
  return text.split("\n").flatMap((line) => {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line.trim());
    if (match === null || !isSuite(match[3]!, codename)) return [];
    const signedBy = /signed-by=(\S+)/.exec(match[1] ?? "")?.[1];
    return [
      [
        "Types: deb",
        `URIs: ${match[2]}`,
        `Suites: ${match[3]}`,
        `Components: ${match[4]!.trim()}`,
        ...(signedBy === undefined ? [] : [`Signed-By: ${signedBy}`]),
      ].join("\n"),
    ];
  });
}

async function downloadOptions(): Promise<string[]> {
  const { stdout } = await runCommand(["apt-config", "dump"]);
  return stdout
    .split("\n")
    .filter((line) => /^Acquire::(https?::|Retries |Check-Valid-Until |Check-Date )/i.test(line));
}
