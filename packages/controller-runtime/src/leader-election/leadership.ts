import type { Client } from "@jdos/client";
import type { Clock, Timer } from "@jdos/component-base";
import { LeadershipError } from "../errors.ts";
import { fence } from "./fence.ts";

/** What a leader may count on. */
export interface Leadership {
  /**
   * Whether the lease is known to be held at this moment: renewed less than the renew deadline ago, by the clock
   * that only goes forward and by the wall clock too (the first stands still while a machine is suspended). Worked
   * out when asked, so that a process that was stopped knows before any of its timers fires.
   */
  holds(): boolean;
  /** The same client, whose writes throw LeadershipError from the moment holds() is false; those under way are aborted. */
  fence(client: Client): Client;
}

export interface HeldLeaseOptions {
  clock: Clock;
  leaseName: string;
  renewDeadlineMillis: number;
}

/** A moment by both clocks. */
export interface Moment {
  monotonicMillis: number;
  wallMillis: number;
}

export function momentOf(clock: Clock): Moment {
  return { monotonicMillis: clock.monotonicMillis(), wallMillis: clock.now().getTime() };
}

/** The time for which a lease is held; ends once, by lapse or because it was given up. */
export class HeldLease implements Leadership {
  readonly #options: HeldLeaseOptions;
  readonly #ended = new AbortController();
  #renewed: Moment;
  #lapse: Timer | undefined;

  /** `since`: when the write that took the lease was sent. */
  constructor(options: HeldLeaseOptions, since: Moment) {
    this.#options = options;
    this.#renewed = since;
    this.renewed(since);
  }

  /** Fires when the lease is lost or given up. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get remainingMillis(): number {
    const { clock, renewDeadlineMillis } = this.#options;
    return this.#renewed.monotonicMillis + renewDeadlineMillis - clock.monotonicMillis();
  }

  /** The lease was renewed by a write that was sent at `since`. */
  renewed(since: Moment): void {
    this.#lapse?.cancel();
    if (this.#ended.signal.aborted) return;
    this.#renewed = since;
    this.#lapse = this.#options.clock.schedule(Math.max(0, this.remainingMillis), () =>
      this.end(this.error()),
    );
  }

  end(reason: unknown): void {
    this.#lapse?.cancel();
    this.#ended.abort(reason);
  }

  holds(): boolean {
    const { clock, renewDeadlineMillis } = this.#options;
    if (this.#ended.signal.aborted || this.remainingMillis <= 0) return false;
    return clock.now().getTime() < this.#renewed.wallMillis + renewDeadlineMillis;
  }

  error(): LeadershipError {
    return new LeadershipError(
      `Cannot go on as leader: the lease "${this.#options.leaseName}" is not known to be held`,
    );
  }

  fence(client: Client): Client {
    return fence(client, {
      signal: this.#ended.signal,
      check: () => {
        if (!this.holds()) throw this.error();
      },
    });
  }
}
