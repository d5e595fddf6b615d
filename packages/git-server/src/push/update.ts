import { GitServerError } from "../errors.ts";

/** One ref that a push changes, in full: refs/heads/main. */
export interface RefUpdate {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
}

const OID = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const MAX_UPDATES = 1000;

/** What git tells its hooks: "old new ref" lines. Source: githooks(5). */
export function parseUpdates(text: string): RefUpdate[] {
  const updates = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = "", ...ref] = line.split(" ");
      return { before, after, ref: ref.join(" ") };
    });
  const malformed = updates.some(({ before, after }) => !OID.test(before) || !OID.test(after));
  if (malformed) throw new GitServerError("BadRequest", "Cannot read what is pushed");
  return updates;
}

export function isNone(oid: string): boolean {
  return /^0+$/.test(oid);
}

export function short(oid: string): string {
  return oid.slice(0, 7);
}

/** "refs/heads/release/1" as a branch "release/1". */
export function nameOf(ref: string): { kind: "branch" | "tag" | "other"; name: string } {
  for (const [prefix, kind] of [
    ["refs/heads/", "branch"],
    ["refs/tags/", "tag"],
  ] as const)
    if (ref.startsWith(prefix)) return { kind, name: ref.slice(prefix.length) };
  return { kind: "other", name: ref };
}

/** Before anything is written. @throws GitServerError with what is wrong with it */
export function checkUpdates(updates: readonly RefUpdate[]): void {
  if (updates.length > MAX_UPDATES)
    throw new GitServerError(
      "TooLarge",
      `Cannot take the push: ${updates.length} branches and tags at once`,
      {
        hint: `Push at most ${MAX_UPDATES} at a time: git push jdos main`,
      },
    );
  const odd = updates.find(({ ref, after }) => nameOf(ref).kind === "other" && !isNone(after));
  if (odd !== undefined)
    throw new GitServerError("Invalid", `Cannot take "${odd.ref}": only branches and tags are kept`, {
      hint: "Push a branch: git push jdos main",
    });
}
