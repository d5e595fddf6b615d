import type { Input } from "./command.ts";
import { usage } from "./errors.ts";

/** The path parameters of a command about one application. */
export function scopeOf({ system, app }: Input): { system: string; app: string } {
  return { system, app };
}

/** What names a system or an application. @throws CliError that says how to give it */
export function required(name: string, value: string | number | boolean | undefined): string {
  if (typeof value === "string" && value !== "") return value;
  throw usage(
    `Cannot tell which ${name === "app" ? "application" : name} is meant: --${name} is missing`,
    `Give --${name} NAME, or set JDOS_${name.toUpperCase()}`,
  );
}
