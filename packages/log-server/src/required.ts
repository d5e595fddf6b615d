import { readKeyFile } from "@jdos/component-base";
import { LogServerError } from "./errors.ts";

/** An option that has no default. @throws LogServerError InvalidOption */
export function required<K extends string>(
  flag: K,
  settings: Readonly<Record<K, string | undefined>>,
): string {
  const value = settings[flag];
  if (value !== undefined) return value;
  throw new LogServerError("InvalidOption", `Cannot start: --${flag} is not given`, {
    hint: "Start it with --help to see its options",
  });
}

/** The key in the file that an option names. @throws LogServerError, ComponentError InvalidOption */
export function requiredKey<K extends string>(
  flag: K,
  settings: Readonly<Record<K, string | undefined>>,
): string {
  return readKeyFile(required(flag, settings), { secret: "jdos-system/log-server-keys" });
}
