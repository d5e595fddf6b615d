import { type ProcessInput, runProcess } from "@jdos/controller-runtime";
import { optionsOf, PROCESS_SETTINGS } from "./options.ts";
import { start } from "./start.ts";

/** The reconcilers as a process of their own; of several replicas one works. */
export function main(input: ProcessInput): Promise<void> {
  return runProcess(
    {
      name: "platform-controllers",
      settings: PROCESS_SETTINGS,
      election: "whole",
      start: ({ client, log, metrics, settings, namespace }) =>
        start({ client, log, metrics, ...optionsOf(settings, { namespace }) }),
    },
    input,
  );
}
