import type { OptionSpec } from "../command.ts";

/** Options that several commands take. */
export const WAIT: OptionSpec = { flags: "--no-wait", description: "return when the change is accepted" };
export const FORCE: OptionSpec = {
  flags: "--force",
  description: "go before a freeze window, which owners may",
};
export const FOLLOW: OptionSpec = { flags: "-f, --follow", description: "go on with lines as they come" };
