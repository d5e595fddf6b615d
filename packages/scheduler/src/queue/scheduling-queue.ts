import type { Pod } from "@jdos/api";
import { formatKey, keyOf } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { type Clock, systemClock, type Timer } from "@jdos/component-base";
import { PodHeap } from "./pod-heap.ts";

export interface SchedulingQueueOptions {
  /** Wait before a Pod that found no node is tried again after the cluster changed; doubles. Defaults to 1. */
  initialBackOffSeconds?: number;
  /** Defaults to 10. */
  maxBackOffSeconds?: number;
  clock?: Clock;
}

interface Parked {
  pod: Stored<Pod>;
  /** Monotonic milliseconds before which it is not tried again. */
  notBefore: number;
}

/**
 * Pods that want a node. Active ones come out by priority, then age. One that found no node is parked until the
 * cluster changes (wake()) and its back-off has passed.
 */
export class SchedulingQueue {
  readonly #active = new PodHeap();
  readonly #parked = new Map<string, Parked>();
  readonly #backingOff = new Map<string, { pod: Stored<Pod>; timer: Timer }>();
  readonly #attempts = new Map<string, number>();
  readonly #initialMillis: number;
  readonly #maxMillis: number;
  readonly #clock: Clock;
  #onActive: () => void = () => {};
  /** Counts wake() calls, so that a Pod decided upon before a change is not parked after it. */
  #epoch = 0;

  constructor({
    initialBackOffSeconds = 1,
    maxBackOffSeconds = 10,
    clock = systemClock,
  }: SchedulingQueueOptions = {}) {
    this.#initialMillis = initialBackOffSeconds * 1000;
    this.#maxMillis = maxBackOffSeconds * 1000;
    this.#clock = clock;
  }

  /** Called whenever a Pod becomes active. */
  onActive(callback: () => void): void {
    this.#onActive = callback;
  }

  get activeCount(): number {
    return this.#active.size;
  }

  get parkedCount(): number {
    return this.#parked.size + this.#backingOff.size;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** A new or changed Pod; a parked one whose spec changed is tried again at once. */
  add(pod: Stored<Pod>): void {
    const key = formatKey(keyOf(pod));
    this.#unpark(key);
    this.#active.push(key, pod);
    this.#onActive();
  }

  /** Replaces the object of a waiting Pod without changing its place. False when it does not wait here. */
  refresh(pod: Stored<Pod>): boolean {
    const key = formatKey(keyOf(pod));
    if (this.#active.replace(key, pod)) return true;
    const waiting = this.#parked.get(key) ?? this.#backingOff.get(key);
    if (waiting === undefined) return false;
    waiting.pod = pod;
    return true;
  }

  remove(key: string): void {
    this.#unpark(key);
    this.#active.delete(key);
    this.#attempts.delete(key);
  }

  /** The next Pod by priority and age. */
  take(): Stored<Pod> | undefined {
    return this.#active.pop();
  }

  /** The Pod found no node; `epoch` is that of the moment it was taken. */
  park(pod: Stored<Pod>, epoch: number): void {
    const key = formatKey(keyOf(pod));
    const attempts = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempts);
    const delay = Math.min(this.#initialMillis * 2 ** (attempts - 1), this.#maxMillis);
    const notBefore = this.#clock.monotonicMillis() + delay;
    if (epoch === this.#epoch) this.#parked.set(key, { pod, notBefore });
    else this.#backOff(key, { pod, notBefore });
  }

  /** The cluster changed: parked Pods come back, each after its back-off. */
  wake(): void {
    this.#epoch++;
    for (const [key, parked] of this.#parked) {
      this.#parked.delete(key);
      this.#backOff(key, parked);
    }
  }

  stop(): void {
    for (const { timer } of this.#backingOff.values()) timer.cancel();
    this.#backingOff.clear();
    this.#parked.clear();
  }

  #backOff(key: string, { pod, notBefore }: Parked): void {
    const delay = notBefore - this.#clock.monotonicMillis();
    if (delay <= 0) {
      this.#active.push(key, pod);
      this.#onActive();
      return;
    }
    const timer = this.#clock.schedule(delay, () => {
      const entry = this.#backingOff.get(key);
      if (entry === undefined) return;
      this.#backingOff.delete(key);
      this.#active.push(key, entry.pod);
      this.#onActive();
    });
    this.#backingOff.set(key, { pod, timer });
  }

  #unpark(key: string): void {
    this.#parked.delete(key);
    this.#backingOff.get(key)?.timer.cancel();
    this.#backingOff.delete(key);
  }
}
