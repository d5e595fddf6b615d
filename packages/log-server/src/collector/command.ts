import { type ProcessInput, runProcess } from "@jdos/controller-runtime";
import { required, requiredKey } from "../required.ts";
import { startCollector } from "../start.ts";
import { PROCESS_SETTINGS } from "./process-options.ts";

/** What reads a node's logs for a log server, as a process of its own: one a node. */
export function main(input: ProcessInput): Promise<void> {
  return runProcess(
    {
      name: "log-collector",
      settings: PROCESS_SETTINGS,
      election: "none",
      start: async ({ client, log, metrics, settings }) =>
        startCollector({
          client,
          log,
          metrics,
          directory: settings["logs-directory"],
          nodeName: required("node-name", settings),
          url: required("log-server-url", settings),
          key: requiredKey("log-key-file", settings),
        }),
    },
    input,
  );
}
