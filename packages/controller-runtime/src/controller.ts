import {
  controllerOf,
  formatKey,
  isStatus,
  type KubeObject,
  keyOf,
  type ObjectKey,
  parseApiVersion,
  parseKey,
  type ResourceType,
} from "@jdos/apimachinery";
import {
  type Client,
  createWorkQueue,
  type Informer,
  type InformerFactory,
  type Stored,
  type WorkQueue,
} from "@jdos/client";
import type { Clock, Logger } from "@jdos/component-base";
import type { ControllerOptions, EventRecorder, ReconcileContext } from "./contract.ts";
import { TerminalError } from "./errors.ts";
import type { ControllerMetrics } from "./metrics.ts";

export interface ControllerDependencies {
  client: Client;
  informers: InformerFactory;
  events: EventRecorder;
  log: Logger;
  clock: Clock;
  metrics: ControllerMetrics;
}

export interface Controller {
  readonly name: string;
  /** Asks for a reconcile that no watch would. */
  enqueue(key: ObjectKey): void;
  /** Waits for the controller's informers, then reconciles until stop(). The informers must be started by others. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when no key waits and none is being reconciled; delayed keys do not count. */
  idle(): Promise<void>;
}

/** A controller that is wired to its informers and waits for start(). Call it before the informers start. */
export function createController(
  options: ControllerOptions,
  dependencies: ControllerDependencies,
): Controller {
  const { name, concurrency = 4, minIntervalSeconds = 0 } = options;
  const { client, informers, events, clock, metrics } = dependencies;
  const log = dependencies.log.child({ controller: name });
  const queue = createWorkQueue({ concurrency, clock, minIntervalMillis: minIntervalSeconds * 1000 });
  const abort = new AbortController();
  const context: ReconcileContext = {
    client,
    informers,
    events,
    log,
    signal: abort.signal,
    now: () => clock.now(),
  };
  const watched = wire(options, { informers, queue });
  options.setup?.(context);
  metrics.watchQueue(name, queue);

  return {
    name,
    enqueue: (key) => queue.add(formatKey(key)),
    async start() {
      await Promise.all(watched.map((informer) => informer.waitForSync(abort.signal)));
      queue.start((text) => reconcileOne(text, { options, context, queue, metrics, clock }));
    },
    async stop() {
      abort.abort(new Error("Stopping"));
      await queue.stop();
    },
    idle: () => queue.idle(),
  };
}

interface Wiring {
  informers: InformerFactory;
  queue: WorkQueue;
}

function wire(options: ControllerOptions, { informers, queue }: Wiring): Informer<KubeObject>[] {
  const add = (key: ObjectKey): void => queue.add(formatKey(key));
  const watched: Informer<KubeObject>[] = [];
  const follow = (
    informer: Informer<KubeObject>,
    keys: (object: Stored<KubeObject>) => readonly ObjectKey[],
  ): void => {
    watched.push(informer);
    const wake = (object: Stored<KubeObject>): void => keys(object).forEach(add);
    informer.addHandlers({
      added: wake,
      updated: (object, old) => {
        wake(object);
        if (old !== object) wake(old);
      },
      deleted: wake,
    });
  };
  follow(informers.for(options.for, options.informer), (object) => [keyOf(object)]);
  for (const type of options.owns ?? []) {
    follow(informers.for(type), (object) => {
      const owner = ownerKey(object, options.for);
      return owner === undefined ? [] : [owner];
    });
  }
  for (const watch of options.watches ?? []) {
    follow(informers.for(watch.type, watch.informer), (object) => watch.keys(object, informers));
  }
  return watched;
}

/** The key of the object's controller, if that is of the type. */
export function ownerKey(object: Stored<KubeObject>, type: ResourceType): ObjectKey | undefined {
  const owner = controllerOf(object);
  if (owner === undefined || owner.kind !== type.kind) return undefined;
  if (parseApiVersion(owner.apiVersion).group !== type.group) return undefined;
  return { namespace: type.namespaced ? (object.metadata.namespace ?? "") : "", name: owner.name };
}

interface Round {
  options: ControllerOptions;
  context: ReconcileContext;
  queue: WorkQueue;
  metrics: ControllerMetrics;
  clock: Clock;
}

async function reconcileOne(text: string, { options, context, queue, metrics, clock }: Round): Promise<void> {
  const started = clock.monotonicMillis();
  try {
    const result = await options.reconcile(context, parseKey(text));
    queue.forget(text);
    if (result?.requeueAfterSeconds !== undefined) queue.addAfter(text, result.requeueAfterSeconds * 1000);
    metrics.observe(options.name, "success", clock.monotonicMillis() - started);
  } catch (error) {
    metrics.observe(options.name, "error", clock.monotonicMillis() - started);
    if (!context.signal.aborted) fail(text, error, { context, queue });
  }
}

function fail(text: string, error: unknown, { context, queue }: Pick<Round, "context" | "queue">): void {
  if (error instanceof TerminalError) {
    queue.forget(text);
    context.log.error({ err: error, key: text }, "Reconcile cannot succeed, waiting for a change");
    return;
  }
  queue.retry(text);
  if (isStatus(error, "Conflict")) {
    context.log.debug({ key: text }, "Reconcile met a newer object, trying again");
    return;
  }
  context.log.warn(
    { err: error, key: text, failures: queue.failures(text) },
    "Reconcile failed, trying again",
  );
}
