import { GitServerError } from "../errors.ts";

/** A payload that is signed and lacks what an event of its kind has. */
export class PayloadError extends GitServerError {
  constructor(path: string) {
    super("Invalid", `Cannot read the delivery: "${path}" is missing or malformed`, {
      hint: "See that the webhook is of this forge, and sends JSON",
    });
  }
}

const MAX_TEXT = 1024;

/** A text at a path of members; undefined where there is none, or one too long for a name. */
export function textAt(payload: unknown, path: string): string | undefined {
  const value = at(payload, path);
  return typeof value === "string" && value !== "" && value.length <= MAX_TEXT ? value : undefined;
}

export function numberAt(payload: unknown, path: string): number | undefined {
  const value = at(payload, path);
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

export function at(payload: unknown, path: string): unknown {
  let value = payload;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** The texts that are there. */
export function textsAt(payload: unknown, paths: readonly string[]): string[] {
  return paths.flatMap((path) => textAt(payload, path) ?? []);
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The first of the members that is a commit. @throws PayloadError */
export function commitAt(payload: unknown, ...paths: readonly [string, ...string[]]): string {
  const commit = paths.map((path) => textAt(payload, path)).find((text) => text !== undefined);
  if (commit === undefined || !COMMIT.test(commit)) throw new PayloadError(paths[0]);
  return commit;
}

/** What forges give in place of a commit where a ref is made or gone. */
export function isNoCommit(commit: string | undefined): boolean {
  return commit !== undefined && /^0+$/.test(commit);
}

const REF = /^refs\/(heads|tags)\/(.+)$/;

/** "refs/heads/main" in its parts. @throws PayloadError */
export function refAt(payload: unknown, path: string): { refKind: "branch" | "tag"; ref: string } {
  const [, kind, ref = ""] = REF.exec(textAt(payload, path) ?? "") ?? [];
  if (kind === undefined || !isRefName(ref)) throw new PayloadError(path);
  return { refKind: kind === "heads" ? "branch" : "tag", ref };
}

/** What git allows in a ref, but for a first hyphen. Source: git-check-ref-format(1). */
export function isRefName(ref: string): boolean {
  return (
    /^[^\s~^:?*[\\\p{Cc}/-][^\s~^:?*[\\\p{Cc}]{0,254}$/u.test(ref) &&
    !ref.includes("..") &&
    !ref.includes("@{")
  );
}

/** What a source may have as its revision. */
export function isRevision(revision: string): boolean {
  return /^[A-Za-z0-9_]/.test(revision) && isRefName(revision);
}

/** The branch of a pull request, for people alone; "" where it is no name. */
export function branchAt(payload: unknown, path: string): string {
  const ref = textAt(payload, path) ?? "";
  return isRefName(ref) ? ref : "";
}

/** Text of others for logs and objects: without control characters, and short. */
export function shown(text: string | undefined): string | undefined {
  return text?.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ").slice(0, 80);
}
