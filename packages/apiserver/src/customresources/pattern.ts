const patterns = new Map<string, RegExp>();

/** Patterns are written for Go; the two languages differ only in rare things ("\\z", "(?i)" in front). */
export function patternOf(pattern: string): RegExp {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    const flags = /^\(\?([is]+)\)/.exec(pattern);
    const source = pattern
      .slice(flags?.[0].length ?? 0)
      .replace(/\\z/g, "$")
      .replace(/\\A/g, "^");
    compiled = new RegExp(source, flags?.[1] ?? "");
    patterns.set(pattern, compiled);
  }
  return compiled;
}
