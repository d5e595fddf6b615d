import type { Client } from "@jdos/client";
import type { Environment, Logger, Metrics, Running, Settings, SettingValues } from "@jdos/component-base";

export interface ProcessContext<S extends Settings> {
  /** Of a part that only the leader runs: refuses to write from the moment the lease is not known to be held. */
  readonly client: Client;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly settings: SettingValues<S>;
  /** Of the platform: the Pod's own, else jdos-system. */
  readonly namespace: string;
}

export interface RunningPart extends Running {
  /** What one replica does alone until the signal fires, by a client that writes only while it leads. */
  lead?(signal: AbortSignal, client: Client): Promise<void>;
}

export interface ProcessDefinition<S extends Settings> {
  /** The part: logger, Lease and user agent are named so. */
  readonly name: string;
  /** Its own options; it may give one of every part's another default. */
  readonly settings: S;
  /**
   * none: every replica works. whole: only the replica that leads is started. within: every replica works, and
   * one of them leads besides.
   */
  readonly election: "none" | "whole" | "within";
  start(context: ProcessContext<S>): Promise<RunningPart>;
}

export interface ProcessInput {
  args: readonly string[];
  env: Environment;
}
