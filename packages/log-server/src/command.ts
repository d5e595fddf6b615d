import { type ProcessInput, runProcess } from "@jdos/controller-runtime";
import { optionsOf, PROCESS_SETTINGS } from "./process-options.ts";
import { start } from "./start.ts";

/** The log server as a process of its own, which collectors give lines to. */
export function main(input: ProcessInput): Promise<void> {
  return runProcess(
    {
      name: "log-server",
      settings: PROCESS_SETTINGS,
      election: "none",
      start: async ({ log, metrics, settings }) => start({ ...optionsOf(settings), log, metrics }),
    },
    input,
  );
}
