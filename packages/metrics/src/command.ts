import { type ProcessInput, runProcess } from "@jdos/controller-runtime";
import { PROCESS_SETTINGS } from "./options.ts";
import { start } from "./start.ts";

/** As a process of its own, beside a Prometheus in its Pod. */
export function main(input: ProcessInput): Promise<void> {
  return runProcess(
    {
      name: "metrics",
      settings: PROCESS_SETTINGS,
      election: "none",
      start: ({ client, log, settings, namespace }) =>
        start({ client, log, directory: settings["targets-directory"], platformNamespace: namespace }),
    },
    input,
  );
}
