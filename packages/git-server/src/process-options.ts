import { type SettingValues, setting } from "@jdos/component-base";
import type { GitServerOptions } from "./options.ts";

/** Options of the process. */
export const PROCESS_SETTINGS = {
  "listen-address": setting.address("for git and for forges, as HOST:PORT", "0.0.0.0:8080"),
  "data-directory": setting.text("repositories and deliveries", "/var/lib/jdos/git"),
};

/** The options that a process was given. */
export function optionsOf(
  given: SettingValues<typeof PROCESS_SETTINGS>,
): Omit<GitServerOptions, "client" | "log" | "metrics"> {
  return { listen: given["listen-address"], dataDirectory: given["data-directory"] };
}
