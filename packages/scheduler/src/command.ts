import { type ProcessInput, runProcess } from "@jdos/controller-runtime";
import { PROCESS_SETTINGS } from "./options.ts";
import { start } from "./start.ts";

/** The scheduler as a process of its own, beside the cluster's; of several replicas one works. */
export function main(input: ProcessInput): Promise<void> {
  return runProcess(
    {
      name: "scheduler",
      settings: PROCESS_SETTINGS,
      election: "whole",
      start: ({ client, log, metrics, settings }) =>
        start({
          client,
          log,
          metrics,
          schedulerName: settings["scheduler-name"],
          bindConcurrency: settings["bind-concurrency"],
        }),
    },
    input,
  );
}
