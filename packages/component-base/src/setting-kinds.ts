/**
 * The kinds of options a process has: `setting.text(...)`, `setting.integer(...)`.
 * @module
 */
import type { Setting } from "./settings.ts";

/** A text; without a default it may be missing. */
export function text(help: string): Setting<string | undefined>;
export function text(help: string, fallback: string): Setting<string>;
export function text(help: string, fallback?: string): Setting<string | undefined> {
  return { help, shown: fallback ?? "", read: (given) => last(given) ?? fallback };
}

/** May be given more than once; in the environment with commas between. */
export function list(help: string, fallback: readonly string[] = []): Setting<readonly string[]> {
  const split = (given: readonly string[]): string[] =>
    given.flatMap((each) => each.split(",")).filter((each) => each !== "");
  return { help, shown: fallback.join(","), read: (given) => (given.length > 0 ? split(given) : fallback) };
}

/** A whole number of at least `min`; without a default it may be missing. */
export function integer(help: string, bounds?: { min?: number }): Setting<number | undefined>;
export function integer(help: string, bounds: { fallback: number; min?: number }): Setting<number>;
export function integer(
  help: string,
  { fallback, min = 0 }: { fallback?: number; min?: number } = {},
): Setting<number | undefined> {
  const expected = `a whole number of at least ${min}`;
  return {
    help,
    shown: fallback === undefined ? "" : String(fallback),
    read(given) {
      const text = last(given);
      if (text === undefined) return fallback;
      const value = Number(text);
      if (!Number.isSafeInteger(value) || value < min) throw new Error(expected);
      return value;
    },
  };
}

export function boolean(help: string, fallback: boolean): Setting<boolean> {
  return {
    help,
    shown: String(fallback),
    read(given) {
      const word = last(given) ?? String(fallback);
      if (word !== "true" && word !== "false") throw new Error('"true" or "false"');
      return word === "true";
    },
  };
}

/** One of a list of words; without a default it may be missing. */
export function choice<T extends string>(help: string, words: readonly T[]): Setting<T | undefined>;
export function choice<T extends string>(help: string, words: readonly T[], fallback: T): Setting<T>;
export function choice<T extends string>(
  help: string,
  words: readonly T[],
  fallback?: T,
): Setting<T | undefined> {
  return {
    help: `${help} (${words.join(", ")})`,
    shown: fallback ?? "",
    read(given) {
      const word = last(given) ?? fallback;
      if (word !== undefined && !words.includes(word as T)) throw new Error(`one of ${words.join(", ")}`);
      return word as T | undefined;
    },
  };
}

/** HOST:PORT; an IPv6 address in brackets. */
export function address(help: string): Setting<{ host: string; port: number } | undefined>;
export function address(help: string, fallback: string): Setting<{ host: string; port: number }>;
export function address(
  help: string,
  fallback?: string,
): Setting<{ host: string; port: number } | undefined> {
  return {
    help,
    shown: fallback ?? "",
    read(given) {
      const text = last(given) ?? fallback;
      if (text === undefined) return undefined;
      const [, host = "", digits] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
      const port = Number(digits);
      if (host === "" || !(port < 65536)) throw new Error("HOST:PORT");
      return { host: host.replace(/^\[(.*)\]$/, "$1"), port };
    },
  };
}

/** What was given last; an empty text is none. */
function last(given: readonly string[]): string | undefined {
  const text = given.at(-1);
  return text === "" ? undefined : text;
}
