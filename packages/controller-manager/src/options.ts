import type { Client } from "@jdos/client";
import type { Clock, Logger, Metrics } from "@jdos/component-base";
import { controllerNames } from "./controllers.ts";
import { ControllerManagerError } from "./errors.ts";

export interface ControllerManagerOptions {
  /** The identity needs what the README lists (system:kube-controller-manager has it). */
  client: Client;
  log: Logger;
  clock?: Clock;
  metrics?: Metrics;
  /** Names of controllers that are not started; see controllers.ts. Defaults to none. */
  disabled?: readonly string[];
  /** PEM of the authority that signed the API server's certificate, published to every namespace as kube-root-ca.crt. */
  rootCaPem?: string;
  /** A node whose lease is older than this is not ready. Defaults to 40. */
  nodeGraceSeconds?: number;
}

/** @throws ControllerManagerError InvalidOption */
export function checkOptions({ disabled = [], nodeGraceSeconds = 40 }: ControllerManagerOptions): void {
  const unknown = disabled.find((name) => !controllerNames.includes(name));
  if (unknown !== undefined) {
    throw new ControllerManagerError(
      "InvalidOption",
      `Cannot start controller-manager: no controller "${unknown}"`,
      {
        hint: `Choose from: ${controllerNames.join(", ")}`,
      },
    );
  }
  if (!(nodeGraceSeconds > 0)) {
    throw new ControllerManagerError(
      "InvalidOption",
      `Cannot start controller-manager: nodeGraceSeconds is ${nodeGraceSeconds}`,
      {
        hint: "Give more than 0",
      },
    );
  }
}
