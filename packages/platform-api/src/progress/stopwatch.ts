import type { DeployStageName, ProgressEvent } from "@jdos/api";
import type { StageNow } from "./assess.ts";

type StageEvent = Extract<ProgressEvent, { type: "stage" }>;

/** Turns stages as they are into the events that changed, and times those whose seconds no object records. */
export class Stopwatch {
  readonly #now: () => number;
  readonly #start: number;
  readonly #last = new Map<DeployStageName, StageEvent>();
  readonly #startedAt = new Map<DeployStageName, number>();

  /** `now` in milliseconds, only going forward. */
  constructor(now: () => number) {
    this.#now = now;
    this.#start = now();
  }

  changes(stages: readonly StageNow[]): StageEvent[] {
    return stages.flatMap((stage) => {
      const event = this.#event(stage);
      const last = this.#last.get(stage.stage);
      if (last?.state === event.state && last.message === event.message) return [];
      this.#last.set(stage.stage, event);
      return [event];
    });
  }

  seconds(): Partial<Record<DeployStageName, number>> & { total: number } {
    const known = [...this.#last.values()].flatMap(({ stage, seconds }) =>
      seconds === undefined ? [] : [[stage, seconds] as const],
    );
    return { ...Object.fromEntries(known), total: rounded((this.#now() - this.#start) / 1000) };
  }

  #event(stage: StageNow): StageEvent {
    const now = this.#now();
    const startedAt = this.#startedAt.get(stage.stage) ?? now;
    this.#startedAt.set(stage.stage, startedAt);
    const seconds =
      stage.seconds ??
      (stage.state === "started"
        ? undefined
        : rounded((now - this.#followedFrom(stage.stage, startedAt)) / 1000));
    return { type: "stage", ...stage, ...(seconds === undefined ? {} : { seconds }) };
  }

  /** A stage that was first seen when it was over began when the one before it was seen to end. */
  #followedFrom(stage: DeployStageName, seenAt: number): number {
    const last = this.#last.get(stage);
    if (last !== undefined) return seenAt;
    return Math.max(
      this.#start,
      ...[...this.#startedAt].filter(([name]) => name !== stage).map(([, at]) => at),
    );
  }
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
