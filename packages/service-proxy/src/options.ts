import type { Client } from "@jdos/client";
import type { CommandResult, Logger, Metrics, RunCommandOptions } from "@jdos/component-base";

/** Runs a program; a test puts `ip netns exec` in front. */
export type RunCommand = (
  argv: readonly [string, ...string[]],
  options?: RunCommandOptions,
) => Promise<CommandResult>;

export interface ServiceProxyOptions {
  instance: number;
  /** Lists and watches Services and EndpointSlices. */
  client: Client;
  log: Logger;
  /** The interface that carries the gateway's address. */
  bridge: string;
  /** The host's address as Pods see it. */
  gateway: string;
  podCidr: string;
  serviceCidr: string;
  /** Name of this node: traffic policy Local keeps to its endpoints. All endpoints are local when absent. */
  nodeName?: string;
  metrics?: Metrics;
  /** Defaults to the machine's own. */
  run?: RunCommand;
}

/** The name of the table follows from the instance. */
export function tableOf(instance: number): string {
  return `jdos${instance}-services`;
}
