import { parseArgs } from "node:util";
import { ComponentError } from "./errors.ts";
import type { Environment } from "./options.ts";

/** One option of a process: a flag, and an environment variable of the same name. */
export interface Setting<T> {
  readonly help: string;
  /** What stands there when neither is given, for the help. */
  readonly shown: string;
  /** The value of what was given, in order; of nothing, its default. @throws an Error "is not ..." */
  read(given: readonly string[]): T;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;

export type SettingValues<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** The environment variable of a flag: JDOS_REGISTRY_URL of --registry-url. */
export function variableOf(flag: string): string {
  return `JDOS_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/** Reads every setting from flags, else from the environment, else its default. @throws ComponentError InvalidOption */
export function readSettings<S extends Settings>(
  settings: S,
  { args, env }: { args: readonly string[]; env: Environment },
): SettingValues<S> {
  const flags = readFlags(settings, args);
  const values = Object.entries(settings).map(([flag, setting]) => {
    const variable = env[variableOf(flag)];
    const given = flags[flag] ?? (variable === undefined || variable === "" ? [] : [variable]);
    try {
      return [flag, setting.read(given)];
    } catch (cause) {
      const name = flags[flag] === undefined ? variableOf(flag) : `--${flag}`;
      const expected = (cause as Error).message;
      throw new ComponentError(
        "InvalidOption",
        `Cannot read option ${name}: "${given.at(-1)}" is not ${expected}`,
        {
          hint: `Set ${name} to ${expected}, or leave it out`,
          cause,
        },
      );
    }
  });
  return Object.fromEntries(values) as SettingValues<S>;
}

function readFlags(settings: Settings, args: readonly string[]): Record<string, string[] | undefined> {
  const options = Object.fromEntries(
    Object.keys(settings).map((flag) => [flag, { type: "string", multiple: true } as const]),
  );
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw new ComponentError("InvalidOption", `Cannot read the arguments: ${(cause as Error).message}`, {
      hint: "Start it with --help to see its options",
      cause,
    });
  }
}

/** The table that --help prints: flag, default, meaning. */
export function describeSettings(settings: Settings): string {
  const rows = Object.entries(settings).map(([flag, { help, shown }]) => [`--${flag}`, shown, help] as const);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(([flag, shown, help]) => `  ${flag.padEnd(widths[0]!)}  ${shown.padEnd(widths[1]!)}  ${help}\n`)
    .join("");
}
