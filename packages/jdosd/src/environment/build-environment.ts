import { readFile } from "node:fs/promises";
import { type CommandResult, runCommand } from "@jdos/component-base";
import { readAptSources } from "../host/apt-sources.ts";
import type { JdosdOptions } from "../options.ts";

/** Where Debian keeps the authorities the machine trusts. */
const HOST_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** A ConfigMap may not be larger; the rest of it is small. */
const MAX_BUNDLE_BYTES = 900_000;

/**
 * What builds need to reach the networks this machine reaches: the data of ConfigMap build-environment.
 * - `ca.crt`: certificate authorities, PEM
 * - `npmrc`, `pip.conf`: configuration of npm and pip
 * - `debian.sources`: where Debian's packages come from, deb822; `apt.conf`: how they are fetched
 * - `environment`: lines NAME=VALUE, proxies
 */
export async function readBuildEnvironment(
  options: Pick<JdosdOptions, "caBundle" | "proxy">,
): Promise<Record<string, string>> {
  const [bundle, npmRegistry, pipIndex, apt] = await Promise.all([
    readBundle(options.caBundle),
    ask(["npm", "config", "get", "registry"]),
    ask(["pip3", "config", "get", "global.index-url"]),
    readAptSources(),
  ]);
  const entries: [string, string][] = [
    ["ca.crt", bundle],
    ["npmrc", npmRegistry === "" ? "" : `registry=${npmRegistry}\n`],
    ["pip.conf", pipIndex === "" ? "" : `[global]\nindex-url = ${pipIndex}\n`],
    ["debian.sources", apt.text],
    ["apt.conf", apt.options.map((line) => `${line}\n`).join("")],
    [
      "environment",
      Object.entries(options.proxy)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    ],
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}

/** The bundle that clients were pointed at, else the machine's own. */
async function readBundle(path: string | undefined): Promise<string> {
  for (const candidate of [path, HOST_BUNDLE]) {
    if (candidate === undefined) continue;
    const text = await readFile(candidate, "utf8").catch(() => "");
    if (text.includes("BEGIN CERTIFICATE")) return certificatesOf(text);
  }
  return "";
}

/** Without comments; the last ones count most, for additions stand at the end. */
function certificatesOf(text: string): string {
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  let sizeBytes = 0;
  const kept = certificates.reverse().filter((certificate) => {
    sizeBytes += certificate.length + 1;
    return sizeBytes <= MAX_BUNDLE_BYTES;
  });
  return kept
    .reverse()
    .map((certificate) => `${certificate}\n`)
    .join("");
}

/** The answer of a client that may be absent or not configured. */
async function ask(argv: [string, ...string[]]): Promise<string> {
  const none: CommandResult = { exitCode: 1, stdout: "", stderr: "" };
  const { stdout } = await runCommand(argv, { okExitCodes: [0, 1, 2] }).catch(() => none);
  const answer = stdout.trim();
  return answer === "undefined" || answer === "null" ? "" : answer;
}
