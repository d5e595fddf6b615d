import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Client } from "@jdos/client";
import type { Clock, Logger, Metrics, SettingValues } from "@jdos/component-base";
import type { LeaderElectionOptions } from "../leader-election/leader-election.ts";
import type { ElectionSettings } from "./settings.ts";

export interface CandidacyOptions {
  /** The part. */
  name: string;
  /** Of the platform. */
  namespace: string;
  client: Client;
  log: Logger;
  clock?: Clock;
}

/** The renewal deadline and the pauses between attempts keep the proportions of Kubernetes' own: 15, 10, 2. */
export function candidacyOf(
  settings: SettingValues<ElectionSettings>,
  { name, namespace, ...rest }: CandidacyOptions,
): LeaderElectionOptions {
  const leaseSeconds = settings["lease-seconds"];
  return {
    ...rest,
    namespace: settings["lease-namespace"] ?? namespace,
    name: settings["lease-name"] ?? name,
    identity: settings.identity ?? `${hostname()}_${randomBytes(4).toString("hex")}`,
    leaseSeconds,
    renewDeadlineSeconds: (leaseSeconds * 2) / 3,
    retrySeconds: (leaseSeconds * 2) / 15,
  };
}

/** How a replica stands: whether it leads, and whether it can still reach its Lease. */
export class Standing {
  readonly #leader;
  readonly #name: string;
  #reachedMillis = Number.NEGATIVE_INFINITY;
  readonly #patienceMillis: number;

  constructor({ name, leaseSeconds = 15 }: LeaderElectionOptions, metrics: Metrics) {
    this.#name = name;
    this.#patienceMillis = 2 * leaseSeconds * 1000;
    this.#leader = metrics.gauge({
      name: "leader_election_master_status",
      help: "Whether this replica leads",
      labels: ["name"],
    });
    this.leads = false;
  }

  set leads(leads: boolean) {
    this.#leader.set({ name: this.#name }, leads ? 1 : 0);
  }

  reached(): void {
    this.#reachedMillis = performance.now();
  }

  /** A replica that cannot reach the Lease could never take over. */
  check(): void {
    if (performance.now() - this.#reachedMillis > this.#patienceMillis)
      throw new Error(`the lease "${this.#name}" cannot be reached`);
  }
}
