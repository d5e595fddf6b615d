import type { Application } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";

const DEFAULT_BRANCHES = ["main", "master"];
const COMMIT = /^[0-9a-f]{40,64}$/;

/** The patterns of the branches whose pushes deploy an application. */
export function branchesOf({ triggers, source }: DeepReadonly<Application["spec"]>): readonly string[] {
  if (triggers?.branches !== undefined) return triggers.branches;
  const revision = source?.git?.revision;
  return revision === undefined || COMMIT.test(revision) ? DEFAULT_BRANCHES : [revision];
}

/** Whether one of the patterns describes the whole name. */
export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, name));
}

/**
 * `*` stands for anything but a slash, `**` for anything, `?` for one character but a slash. Takes time in proportion
 * to both lengths, whatever the pattern.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  // reached[i]: what was read of the pattern describes the first i characters.
  let reached = Array.from({ length: name.length + 1 }, (_, index) => index === 0);
  for (const part of pattern.match(/\*\*|[\s\S]/g) ?? []) reached = step(reached, part, name);
  return reached[name.length] === true;
}

function step(before: readonly boolean[], part: string, name: string): boolean[] {
  const after = new Array<boolean>(before.length).fill(false);
  for (let index = 0; index < before.length; index++) {
    const character = name[index - 1];
    if (part === "**") after[index] = before[index] === true || (index > 0 && after[index - 1] === true);
    else if (part === "*")
      after[index] = before[index] === true || (index > 0 && character !== "/" && after[index - 1] === true);
    else if (index > 0 && before[index - 1] === true)
      after[index] = part === "?" ? character !== "/" : character === part;
  }
  return after;
}
