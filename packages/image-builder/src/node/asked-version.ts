import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ImageBuilderError } from "../errors.ts";
import type { NodePackage } from "./package.ts";

/** The version of Node that a source asks for, and where. */
export interface AskedVersion {
  /** As npm understands it. */
  range: string;
  where: string;
}

/** What version managers call the lines of long-term support. Source: github.com/nodejs/Release. */
const LONG_TERM_SUPPORT: Readonly<Record<string, string>> = {
  hydrogen: "18",
  iron: "20",
  jod: "22",
  krypton: "24",
};
const FILES = [".nvmrc", ".node-version"];
/** Longer ones are no version. */
const MOST_CHARACTERS = 200;

/** Reads `engines.node`, else the files of version managers. @throws ImageBuilderError VersionUnavailable */
export async function askedVersion(
  directory: string,
  { engines }: NodePackage,
): Promise<AskedVersion | undefined> {
  const asked = engines?.node;
  if (typeof asked === "string" && asked.trim() !== "")
    return { range: await rangeOf(asked, "package.json"), where: "package.json" };
  const file = FILES.find((name) => existsSync(join(directory, name)));
  if (file === undefined) return undefined;
  const text = readFileSync(join(directory, file), "utf8").trim();
  return text === "" ? undefined : { range: await rangeOf(text, file), where: file };
}

async function rangeOf(text: string, where: string): Promise<string> {
  // Most sources ask for none: their builds need not load it.
  const { default: semver } = await import("semver");
  const line = text.trim().slice(0, MOST_CHARACTERS);
  const name = /^lts\/(.+)$/i.exec(line)?.[1]?.toLowerCase();
  if (name === "*" || ["node", "stable", "latest", "current"].includes(line)) return "*";
  const range = semver.validRange(name === undefined ? line : LONG_TERM_SUPPORT[name]);
  if (range !== null) return range;
  throw new ImageBuilderError(
    "VersionUnavailable",
    `Cannot tell the Node that ${where} asks for: "${line}"`,
    {
      hint: `Name a version or a range there, for example 22 or >=20`,
    },
  );
}
