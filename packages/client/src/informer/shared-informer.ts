import { formatKey, type KubeObject, keyOf, type ResourceType } from "@jdos/apimachinery";
import type { Clock, Logger } from "@jdos/component-base";
import type { Client, Stored } from "../client.ts";
import type { Informer, InformerHandlers, InformerOptions, Lister } from "../informer-contract.ts";
import type { InformerMetrics } from "./informer-metrics.ts";
import { ObjectStore } from "./object-store.ts";
import { type ReflectorSink, reflect } from "./reflector.ts";

export interface SharedInformerOptions<T extends KubeObject> {
  client: Client;
  type: ResourceType<T>;
  selection: InformerOptions;
  clock: Clock;
  log: Logger;
  metrics?: InformerMetrics;
}

/** A Kind kept in memory, with any number of handlers on it. */
export class SharedInformer<T extends KubeObject> implements Informer<T> {
  readonly type: ResourceType<T>;
  readonly #options: SharedInformerOptions<T>;
  readonly #store = new ObjectStore<T>();
  readonly #handlers: InformerHandlers<T>[] = [];
  readonly #controller = new AbortController();
  readonly #firstList = Promise.withResolvers<void>();
  #synced = false;
  #running: Promise<void> | undefined;

  constructor(options: SharedInformerOptions<T>) {
    this.#options = options;
    this.type = options.type;
  }

  get lister(): Lister<T> {
    return this.#store;
  }

  get synced(): boolean {
    return this.#synced;
  }

  addHandlers(handlers: InformerHandlers<T>): void {
    this.#handlers.push(handlers);
    for (const object of this.#store.list()) this.#guard(() => handlers.added?.(object));
  }

  addIndex(name: string, index: (object: Stored<T>) => readonly string[]): void {
    if (!this.#store.hasIndex(name)) this.#store.addIndex(name, index);
  }

  async waitForSync(signal?: AbortSignal): Promise<void> {
    if (this.#synced) return;
    if (signal === undefined) return this.#firstList.promise;
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.#firstList.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  start(): void {
    if (this.#running !== undefined || this.#controller.signal.aborted) return;
    const { client, type, clock, selection, metrics } = this.#options;
    const { resyncSeconds, ...selectors } = selection;
    this.#running = reflect(
      {
        client,
        type,
        selection: selectors,
        clock,
        metrics,
        sink: this.#sink(),
        onError: (error) => this.#report(error),
      },
      this.#controller.signal,
    );
    if (resyncSeconds !== undefined) void this.#resync(resyncSeconds);
  }

  async stop(): Promise<void> {
    this.#controller.abort(new Error("Stopping"));
    await this.#running;
  }

  #sink(): ReflectorSink<T> {
    return {
      replace: (objects) => this.#replace(objects),
      put: (object) => this.#put(object),
      remove: (object) => this.#remove(formatKey(keyOf(object)), object),
    };
  }

  #replace(objects: readonly Stored<T>[]): void {
    const present = new Set(objects.map((object) => formatKey(keyOf(object))));
    for (const key of [...this.#store.keys()]) if (!present.has(key)) this.#remove(key);
    for (const object of objects) this.#put(object);
    this.#synced = true;
    this.#firstList.resolve();
  }

  #put(object: Stored<T>): void {
    const old = this.#store.getByText(formatKey(keyOf(object)));
    if (old !== undefined && old.metadata.uid !== object.metadata.uid) this.#remove(formatKey(keyOf(old)));
    else if (old?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    const before = this.#store.set(object);
    for (const handlers of this.#handlers) {
      this.#guard(() =>
        before === undefined ? handlers.added?.(object) : handlers.updated?.(object, before),
      );
    }
  }

  #remove(key: string, last?: Stored<T>): void {
    const old = this.#store.delete(key);
    if (old === undefined) return;
    const final = last ?? old;
    for (const handlers of this.#handlers) this.#guard(() => handlers.deleted?.(final));
  }

  async #resync(seconds: number): Promise<void> {
    const { signal } = this.#controller;
    while (!signal.aborted) {
      await this.#options.clock.sleep(seconds * 1000, signal).catch(() => {});
      if (signal.aborted) return;
      for (const object of this.#store.list()) {
        for (const handlers of this.#handlers) this.#guard(() => handlers.updated?.(object, object));
      }
    }
  }

  /** A handler that throws must not end the watch that others share. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.log.error({ err: error, resource: this.type.resource }, "Informer handler failed");
    }
  }

  #report(error: unknown): void {
    this.#options.log.warn(
      { err: error, resource: this.type.resource },
      "Cannot follow resource, trying again",
    );
  }
}
