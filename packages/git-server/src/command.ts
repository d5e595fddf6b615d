import { type ProcessInput, runProcess } from "@jdos/controller-runtime";
import { optionsOf, PROCESS_SETTINGS } from "./process-options.ts";
import { start } from "./start.ts";

/** The git server as a process of its own: one, for it alone writes its repositories. */
export function main(input: ProcessInput): Promise<void> {
  return runProcess(
    {
      name: "git-server",
      settings: PROCESS_SETTINGS,
      election: "none",
      start: async ({ client, log, metrics, settings }) =>
        start({
          client,
          log,
          metrics,
          ...(await optionsOf(settings as typeof settings & { kubeconfig: string | undefined }, input.env)),
        }),
    },
    input,
  );
}
