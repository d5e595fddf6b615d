import { isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import { type Clock, systemClock } from "@jdos/component-base";
import type { Client, Stored } from "../client.ts";
import { reflect } from "./reflector.ts";

export interface FollowOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  signal: AbortSignal;
  clock?: Clock;
}

/**
 * The selected objects, whole, as they are now and after each change, until the signal fires; who reads slowly misses
 * states in between, never the last one. Outages are waited out as informers do; what the server refuses for good
 * (rights, a Kind it does not serve, a selector) is thrown.
 */
export async function* followObjects<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  { signal, clock = systemClock, ...selection }: FollowOptions,
): AsyncGenerator<readonly Stored<T>[]> {
  const objects = new Map<string, Stored<T>>();
  const ending = new AbortController();
  const changes = new Changes();
  const sink = {
    replace: (items: readonly Stored<T>[]) => {
      objects.clear();
      for (const item of items) objects.set(item.metadata.uid, item);
      changes.note();
    },
    put: (object: Stored<T>) => {
      objects.set(object.metadata.uid, object);
      changes.note();
    },
    remove: ({ metadata }: Stored<T>) => {
      if (objects.delete(metadata.uid)) changes.note();
    },
  };
  const onError = (error: unknown): void => {
    if (isFinal(error)) changes.fail(error);
  };
  const until = AbortSignal.any([signal, ending.signal]);
  const stop = (): void => changes.note();
  signal.addEventListener("abort", stop, { once: true });
  const reflecting = reflect({ client, type, selection, clock, sink, onError, newest: true }, until);
  try {
    for (;;) {
      await changes.next();
      if (signal.aborted) return;
      yield [...objects.values()];
    }
  } finally {
    signal.removeEventListener("abort", stop);
    ending.abort(new Error("Nobody follows"));
    await reflecting;
  }
}

/** Wakes one reader after any number of changes. */
class Changes {
  #waiting = Promise.withResolvers<void>();

  note(): void {
    this.#waiting.resolve();
  }

  fail(error: unknown): void {
    this.#waiting.reject(error);
    this.#waiting.promise.catch(() => {});
  }

  async next(): Promise<void> {
    await this.#waiting.promise;
    this.#waiting = Promise.withResolvers<void>();
  }
}

/** Asking again would bring the same answer. */
function isFinal(error: unknown): boolean {
  return isStatus(error) && error.code >= 400 && error.code < 500 && error.code !== 408 && error.code !== 429;
}
