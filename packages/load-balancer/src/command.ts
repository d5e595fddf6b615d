import { type ProcessInput, runProcess } from "@jdos/controller-runtime";
import { optionsOf, PROCESS_SETTINGS } from "./options.ts";
import { start } from "./start.ts";

/** The load balancer as a process of its own, beside its HAProxy: every replica carries traffic, one writes statuses. */
export function main(input: ProcessInput): Promise<void> {
  return runProcess(
    {
      name: "load-balancer",
      settings: PROCESS_SETTINGS,
      election: "within",
      start: ({ client, log, metrics, settings, namespace }) =>
        start({ client, log, metrics, ...optionsOf(settings, namespace), leads: false }),
    },
    input,
  );
}
