import { type ProcessInput, runProcess } from "@jdos/controller-runtime";
import { optionsOf, PROCESS_SETTINGS } from "./process-options.ts";
import { start } from "./start.ts";

/** The API for people as a process of its own; every replica answers, for it holds no state. */
export function main(input: ProcessInput): Promise<void> {
  return runProcess(
    {
      name: "platform-api",
      settings: PROCESS_SETTINGS,
      election: "none",
      start: ({ client, log, settings }) => start({ client, log, ...optionsOf(settings) }),
    },
    input,
  );
}
