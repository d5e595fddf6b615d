import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildEnvironment } from "../steps/environment.ts";

/** Where steps see the certificate authorities. The image's own bundle stays, so that packages may write it. */
export const AUTHORITIES = "/run/jdos/ca.crt";

interface Client {
  /** The file of the build environment. */
  file: "npmrc" | "pip.conf" | "apt.conf";
  /** Where the client reads it for the whole system. */
  target: string;
  /** How the client is told of the authorities. */
  trust: string;
}

const CLIENTS: readonly Client[] = [
  { file: "npmrc", target: "/usr/local/etc/npmrc", trust: `cafile=${AUTHORITIES}` },
  { file: "pip.conf", target: "/etc/pip.conf", trust: `[global]\ncert = ${AUTHORITIES}` },
  {
    file: "apt.conf",
    target: "/etc/apt/apt.conf.d/99jdos-build",
    trust: `Acquire::https::CaInfo "${AUTHORITIES}";`,
  },
];

/**
 * Arguments by which steps of a Dockerfile have the build environment: files that are there while a step runs.
 * Of them an image keeps at most an empty file.
 */
export async function environmentVolumes(
  { files, authorities }: BuildEnvironment,
  work: string,
): Promise<string[]> {
  const directory = join(work, "environment");
  await mkdir(directory);
  const volumes: string[] = authorities === undefined ? [] : [`${authorities}:${AUTHORITIES}:ro`];
  for (const { file, target, trust } of CLIENTS) {
    const given = files[file] === undefined ? "" : await readFile(files[file], "utf8");
    const text = authorities === undefined ? given : joined(given, trust);
    if (text === "") continue;
    await writeFile(join(directory, file), text);
    volumes.push(`${join(directory, file)}:${target}:ro`);
  }
  return volumes.flatMap((volume) => ["--volume", volume]);
}

/** A setting of the same section twice is one section to pip and npm. */
function joined(given: string, trust: string): string {
  const [section, ...rest] = trust.split("\n");
  const added =
    section === "[global]" && given.includes("[global]")
      ? given.replace("[global]", `[global]\n${rest.join("\n")}`)
      : `${given.trimEnd()}\n${trust}\n`;
  return added.trimStart();
}
