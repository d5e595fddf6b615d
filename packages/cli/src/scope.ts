import type { Input } from "./command.ts";

/** The path parameters of a command about one application. */
export function scopeOf({ system, app }: Input): { system: string; app: string } {
  return { system, app };
}
