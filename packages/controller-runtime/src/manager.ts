import { type Client, createInformerFactory, type InformerFactory } from "@jdos/client";
import { type Clock, type Logger, type Metrics, systemClock } from "@jdos/component-base";
import type { ControllerOptions } from "./contract.ts";
import { type Controller, createController } from "./controller.ts";
import { createEventRecorder } from "./events/event-recorder.ts";
import { createControllerMetrics } from "./metrics.ts";

export interface ManagerOptions {
  client: Client;
  log: Logger;
  clock?: Clock;
  metrics?: Metrics;
  /** Shared with others when given, and then neither started nor stopped here. */
  informers?: InformerFactory;
}

export interface AddOptions {
  /** The identity this controller acts as. Defaults to the manager's client. */
  client?: Client;
}

/** Several controllers over one set of informers. */
export interface Manager {
  readonly informers: InformerFactory;
  add(options: ControllerOptions, overrides?: AddOptions): Controller;
  /** Starts the informers and every controller; resolves when all of them reconcile. */
  start(): Promise<void>;
  /** Resolves when no reconcile runs any more. */
  stop(): Promise<void>;
  /** Resolves when no controller has anything left to do (delayed keys do not count). */
  idle(): Promise<void>;
}

export function createManager(options: ManagerOptions): Manager {
  const { client, log, clock = systemClock } = options;
  const informers =
    options.informers ?? createInformerFactory(client, { log, clock, metrics: options.metrics });
  const metrics = createControllerMetrics(options.metrics);
  const controllers: Controller[] = [];
  const recorders: { stop(): Promise<void> }[] = [];

  return {
    informers,
    add(controllerOptions, overrides = {}) {
      const own = overrides.client ?? client;
      const component = controllerOptions.eventSource ?? controllerOptions.name;
      const events = createEventRecorder({ client: own, log, clock, component });
      const controller = createController(controllerOptions, {
        client: own,
        informers,
        events,
        log,
        clock,
        metrics,
      });
      recorders.push(events);
      controllers.push(controller);
      return controller;
    },
    async start() {
      if (options.informers === undefined) informers.start();
      await Promise.all(controllers.map((controller) => controller.start()));
    },
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()));
      await Promise.all(recorders.map((recorder) => recorder.stop()));
      if (options.informers === undefined) await informers.stop();
    },
    async idle() {
      for (const controller of controllers) await controller.idle();
    },
  };
}
