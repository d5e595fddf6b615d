import { type Lease, Leases } from "@jdos/api";
import { formatMicroTime, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { type Clock, type Logger, systemClock } from "@jdos/component-base";
import { LeadershipError } from "../errors.ts";
import { HeldLease, type Leadership, type Moment, momentOf } from "./leadership.ts";

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

/** Candidates that wait for the same lease do not ask in step. */
const RETRY_JITTER = 0.2;

/**
 * Waits until this candidate leads, runs `lead`, and aborts its signal at once when the lease is lost: when another
 * holds it, or when it could not be renewed within the renew deadline. `lead` writes through clients that
 * `leadership.fence` made: they refuse by themselves from that moment on, also in a process that was stopped in
 * between and does not know it yet. The lease is renewed until `lead` has ended, also after `signal` fired. Returns
 * then: with true when it ended by itself or by `signal` (the lease is then released), with false when the lease was
 * lost, also where `lead` ended by the LeadershipError of a write that was refused for that.
 */
export async function runAsLeader(
  options: LeaderElectionOptions,
  lead: (signal: AbortSignal, leadership: Leadership) => Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  const election = new Election(options);
  const held = await election.acquire(signal);
  if (held === undefined) return true;
  options.log.info({ lease: options.name, identity: options.identity }, "Became leader");
  const leading = new AbortController();
  const stop = (): void => leading.abort(signal.reason);
  const lost = (): void => leading.abort(held.ended.reason);
  follow(signal, stop);
  follow(held.ended, lost);
  const done = new AbortController();
  const renewing = election.keep(held, done.signal);
  try {
    await lead(leading.signal, held);
  } catch (error) {
    // Refused by the fence: that is how work that did not hear the signal learns of the loss.
    if (!(error instanceof LeadershipError)) throw error;
    held.end(error);
  } finally {
    signal.removeEventListener("abort", stop);
    held.ended.removeEventListener("abort", lost);
    done.abort(new Error("Ended"));
    await renewing;
    if (!held.ended.aborted) await election.release();
  }
  const kept = !held.ended.aborted;
  held.end(new Error("Ended"));
  return kept;
}

function follow(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) callback();
  else signal.addEventListener("abort", callback, { once: true });
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
    if (!(retrySeconds < renewDeadlineSeconds && renewDeadlineSeconds < leaseSeconds))
      throw new RangeError(
        `Cannot elect a leader: retry ${retrySeconds} s, renew deadline ${renewDeadlineSeconds} s and lease ${leaseSeconds} s do not grow in this order`,
      );
    this.#options = options;
    this.#clock = clock;
    this.#leaseSeconds = leaseSeconds;
    this.#renewDeadlineMillis = renewDeadlineSeconds * 1000;
    this.#retryMillis = retrySeconds * 1000;
  }

  /** The lease as it is held from now on; undefined when the signal fired first. */
  async acquire(signal: AbortSignal): Promise<HeldLease | undefined> {
    while (!signal.aborted) {
      const since = await this.#attemptWithin(this.#renewDeadlineMillis, signal);
      if (since !== undefined) return this.#held(since);
      const waitMillis = this.#retryMillis * (1 + RETRY_JITTER * Math.random());
      await this.#clock.sleep(waitMillis, signal).catch(() => {});
    }
    return undefined;
  }

  #held(since: Moment): HeldLease {
    const { name } = this.#options;
    const held = { clock: this.#clock, leaseName: name, renewDeadlineMillis: this.#renewDeadlineMillis };
    return new HeldLease(held, since);
  }

  /** Renews the lease until it is lost or the signal fires. */
  async keep(held: HeldLease, signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, held.ended]);
    while (!until.aborted) {
      await this.#clock.sleep(this.#retryMillis, until).catch(() => {});
      if (until.aborted) return;
      const since = await this.#attemptWithin(held.remainingMillis, until);
      if (since !== undefined) held.renewed(since);
      else if (this.#heldByOther() && !until.aborted) held.end(held.error());
    }
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

  /**
   * When the write that holds the lease was sent: before any other can have seen it, and after the read, which may have
   * waited long for a server that was starting. An attempt that takes longer than `millis` is aborted and counts as
   * failed, even if the server should have heard it.
   */
  async #attemptWithin(millis: number, signal: AbortSignal): Promise<Moment | undefined> {
    const late = new AbortController();
    const timer = this.#clock.schedule(Math.max(0, millis), () => late.abort(new Error("Too late")));
    const ended = Promise.withResolvers<undefined>();
    const until = AbortSignal.any([late.signal, signal]);
    follow(until, () => ended.resolve(undefined));
    try {
      return await Promise.race([this.#attempt(until), ended.promise]);
    } finally {
      timer.cancel();
    }
  }

  async #attempt(signal: AbortSignal): Promise<Moment | undefined> {
    const { client, namespace, name, log } = this.#options;
    try {
      this.#lease = await this.#read(signal);
      this.#options.reached?.();
      if (this.#lease === undefined) {
        const fresh = { metadata: { namespace, name }, spec: this.#claim() };
        const sent = momentOf(this.#clock);
        this.#lease = await client.create(Leases, fresh, { signal });
        return sent;
      }
      if (this.#heldByOther() && !this.#expired(this.#lease)) return undefined;
      const claimed = { ...this.#lease, spec: this.#claim(this.#lease) };
      const sent = momentOf(this.#clock);
      this.#lease = await client.update(Leases, claimed, { signal });
      return sent;
    } catch (error) {
      if (!signal.aborted && !isStatus(error, "Conflict", "AlreadyExists"))
        log.warn({ err: error, lease: name }, "Cannot reach lease");
      return undefined;
    }
  }

  async #read(signal: AbortSignal): Promise<Stored<Lease> | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      return await client.get(Leases, { namespace, name }, { signal });
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
