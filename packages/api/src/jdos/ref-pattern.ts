/** Branches that are deployed where an application's triggers name none. */
export const DEPLOY_BRANCHES: readonly string[] = ["main", "master"];

/**
 * Whether a branch or tag is meant by one of the patterns: "*" is any text without "/", "**" any text. Takes time in
 * proportion to both lengths, whatever the pattern: strangers write them.
 */
export function matchesRef(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matches(name, pattern));
}

/** Which beginnings of the name the pattern's beginning matches, part by part. */
function matches(name: string, pattern: string): boolean {
  let matched = [true, ...Array<boolean>(name.length).fill(false)];
  for (const part of pattern.match(/\*+|[^*]/gs) ?? []) {
    const next = Array<boolean>(matched.length).fill(false);
    for (let end = 0; end < matched.length; end++) {
      const before = end > 0 && matched[end - 1] === true;
      if (!part.startsWith("*")) next[end] = before && name[end - 1] === part;
      else
        next[end] =
          matched[end] === true || (end > 0 && next[end - 1] === true && mayPass(part, name[end - 1]));
    }
    matched = next;
  }
  return matched.at(-1) === true;
}

function mayPass(stars: string, character: string | undefined): boolean {
  return stars.length > 1 || character !== "/";
}
