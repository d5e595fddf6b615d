import { ImageBuilderError } from "../errors.ts";

export interface VersionQuestion {
  /** "Python" */
  what: string;
  /** The constraint as it stands in the source. */
  asked: string | undefined;
  /** "go.mod" */
  where: string;
  /** What Debian has: "3.11" */
  available: string;
}

/** What Debian 12 has of each runtime. */
export const DEBIAN_VERSIONS = {
  python: "3.11",
  go: "1.19",
  php: "8.2",
  ruby: "3.1",
  java: "17",
  tomcat: "10.1",
} as const;

/**
 * Compares what a source asks for with what there is: refuses a newer one, which cannot work, and answers a
 * sentence for the log when exactly an older one is asked for.
 */
export function checkVersion({ what, asked, where, available }: VersionQuestion): string[] {
  if (asked === undefined || asked.trim() === "" || asked.trim() === "*") return [];
  const alternatives = asked.split("||").map(lowest);
  const known = alternatives.filter((version) => version !== undefined);
  if (known.length < alternatives.length) return [];
  const fitting = known.filter((version) => compare(version, available) <= 0);
  if (fitting.length === 0)
    throw new ImageBuilderError(
      "VersionUnavailable",
      `Cannot build with ${what} ${asked.trim()}, which ${where} asks for: the platform offers ${what} ${available}`,
      { hint: `Ask for ${what} ${available} or older in ${where}, or build with a Dockerfile` },
    );
  const isMinimum = /[>^~]/.test(asked);
  return isMinimum || fitting.some((version) => compare(version, available) === 0)
    ? []
    : [`version: ${where} asks for ${what} ${asked.trim()}; it gets ${available}`];
}

/** The lowest version a constraint allows; undefined when it names only an upper bound. */
function lowest(constraint: string): string | undefined {
  const parts = [...constraint.matchAll(/(!=|<=|<|>=|>|==|=|~>|~=|\^|~)?\s*v?(\d+(?:\.\d+)*)/g)];
  return parts.find(([, operator]) => !["!=", "<", "<="].includes(operator ?? ""))?.[2];
}

/** As far as the shorter of the two says. */
function compare(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (let at = 0; at < Math.min(a.length, b.length); at++)
    if (a[at] !== b[at]) return (a[at] ?? 0) - (b[at] ?? 0);
  return 0;
}
