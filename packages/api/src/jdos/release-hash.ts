import { createHash } from "node:crypto";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { ReleaseSpec } from "./release.ts";

/** sha256 over the canonical JSON of a Release's spec without its hash: 64 hexadecimal digits. */
export function releaseHash(spec: DeepReadonly<Omit<ReleaseSpec, "hash">>): string {
  const { hash: _, ...rest } = spec as DeepReadonly<ReleaseSpec>;
  return hashOf(rest);
}

/** sha256 over the canonical JSON of a value: members sorted by name, undefined members left out. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** JSON with members sorted by name and without white space. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`;
}
