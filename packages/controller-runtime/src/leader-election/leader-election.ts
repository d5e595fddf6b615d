import { type Lease, Leases } from "@jdos/api";
import { formatMicroTime, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { type Clock, type Logger, systemClock } from "@jdos/component-base";

export interface LeaderElectionOptions {
  client: Client;
  log: Logger;
  clock?: Clock;
  /** The Lease that is fought for. */
  namespace: string;
  name: string;
  /** Unlike any other candidate's. */
  identity: string;
  /** How long others wait before they take a lease that is not renewed. Defaults to 15. */
  leaseSeconds?: number;
  /** The leader gives up when it could not renew for this long; less than leaseSeconds. Defaults to 10. */
  renewDeadlineSeconds?: number;
  /** Between two attempts. Defaults to 2. */
  retrySeconds?: number;
  /** Told each time the API server answered about the Lease. */
  reached?(): void;
}

/**
 * Waits until this candidate leads, runs `lead`, and aborts its signal at once when the lease is lost. Returns
 * when `lead` has ended: with true when it ended by itself or by `signal` (the lease is then released), with false
 * when the lease was lost.
 */
export async function runAsLeader(
  options: LeaderElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  const election = new Election(options);
  if (!(await election.acquire(signal))) return true;
  options.log.info({ lease: options.name, identity: options.identity }, "Became leader");
  const leading = new AbortController();
  const stop = (): void => leading.abort(signal.reason);
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  const renewing = election.renewUntil(leading.signal).then((lost) => {
    if (lost) leading.abort(new Error(`Cannot go on as leader: the lease "${options.name}" is lost`));
    return lost;
  });
  try {
    await lead(leading.signal);
  } finally {
    signal.removeEventListener("abort", stop);
    leading.abort(new Error("Ended"));
    if (!(await renewing)) await election.release();
  }
  return !(await renewing);
}

interface Observed {
  record: string;
  atMillis: number;
}

class Election {
  readonly #options: LeaderElectionOptions;
  readonly #clock: Clock;
  readonly #leaseSeconds: number;
  readonly #retryMillis: number;
  readonly #renewDeadlineMillis: number;
  #lease: Stored<Lease> | undefined;
  /** When another's record was last seen to change, by our own clock: theirs is not trusted. */
  #observed: Observed | undefined;

  constructor(options: LeaderElectionOptions) {
    const { leaseSeconds = 15, renewDeadlineSeconds = 10, retrySeconds = 2, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#leaseSeconds = leaseSeconds;
    this.#renewDeadlineMillis = renewDeadlineSeconds * 1000;
    this.#retryMillis = retrySeconds * 1000;
  }

  /** False when the signal fired first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (await this.#attempt()) return true;
      await this.#clock.sleep(this.#retryMillis * (1 + 0.2 * Math.random()), signal).catch(() => {});
    }
    return false;
  }

  /** True when the lease was lost, false when the signal fired. */
  async renewUntil(signal: AbortSignal): Promise<boolean> {
    let renewedMillis = this.#clock.monotonicMillis();
    while (!signal.aborted) {
      await this.#clock.sleep(this.#retryMillis, signal).catch(() => {});
      if (signal.aborted) return false;
      const startedMillis = this.#clock.monotonicMillis();
      if (await this.#attemptBefore(renewedMillis + this.#renewDeadlineMillis)) renewedMillis = startedMillis;
      else if (
        this.#heldByOther() ||
        this.#clock.monotonicMillis() - renewedMillis >= this.#renewDeadlineMillis
      )
        return true;
    }
    return false;
  }

  async release(): Promise<void> {
    if (this.#lease === undefined || this.#heldByOther()) return;
    const now = formatMicroTime(this.#clock.now());
    const spec = { ...this.#lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: now };
    await this.#options.client.update(Leases, { ...this.#lease, spec }).catch((error: unknown) => {
      this.#options.log.debug({ err: error }, "Cannot release lease");
    });
  }

  #heldByOther(): boolean {
    return this.#lease?.spec?.holderIdentity !== this.#options.identity;
  }

  /** An attempt that takes longer than allowed counts as failed, even if it should succeed later. */
  async #attemptBefore(deadlineMillis: number): Promise<boolean> {
    const timeout = Promise.withResolvers<boolean>();
    const remaining = deadlineMillis - this.#clock.monotonicMillis();
    const timer = this.#clock.schedule(Math.max(0, remaining), () => timeout.resolve(false));
    try {
      return await Promise.race([this.#attempt(), timeout.promise]);
    } finally {
      timer.cancel();
    }
  }

  async #attempt(): Promise<boolean> {
    const { client, namespace, name, log } = this.#options;
    try {
      this.#lease = await this.#read();
      this.#options.reached?.();
      if (this.#lease === undefined) {
        this.#lease = await client.create(Leases, { metadata: { namespace, name }, spec: this.#claim() });
        return true;
      }
      if (this.#heldByOther() && !this.#expired(this.#lease)) return false;
      this.#lease = await client.update(Leases, { ...this.#lease, spec: this.#claim(this.#lease) });
      return true;
    } catch (error) {
      if (!isStatus(error, "Conflict", "AlreadyExists"))
        log.warn({ err: error, lease: name }, "Cannot reach lease");
      return false;
    }
  }

  async #read(): Promise<Stored<Lease> | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      return await client.get(Leases, { namespace, name });
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
  }

  #expired(lease: Stored<Lease>): boolean {
    const record = JSON.stringify([lease.spec?.holderIdentity, lease.spec?.renewTime]);
    const nowMillis = this.#clock.monotonicMillis();
    if (!lease.spec?.holderIdentity) return true;
    if (this.#observed?.record !== record) this.#observed = { record, atMillis: nowMillis };
    const durationSeconds = lease.spec.leaseDurationSeconds ?? this.#leaseSeconds;
    return nowMillis - this.#observed.atMillis > durationSeconds * 1000;
  }

  #claim(before?: Stored<Lease>): NonNullable<Lease["spec"]> {
    const { identity } = this.#options;
    const now = formatMicroTime(this.#clock.now());
    const renewing = before?.spec?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: this.#leaseSeconds,
      acquireTime: renewing ? before.spec?.acquireTime : now,
      renewTime: now,
      leaseTransitions: (before?.spec?.leaseTransitions ?? 0) + (renewing || before === undefined ? 0 : 1),
    };
  }
}
