import { createShutdown, type Running, systemClock } from "@jdos/component-base";
import { createManager } from "@jdos/controller-runtime";
import { controllers, GARBAGE_COLLECTOR } from "./controllers.ts";
import { startGarbageCollector } from "./garbagecollector/garbage-collector.ts";
import { type ControllerManagerOptions, checkOptions } from "./options.ts";

/** Starts the core controllers over one set of informers; resolves when all of them reconcile. */
export async function start(options: ControllerManagerOptions): Promise<Running> {
  checkOptions(options);
  const { client, clock = systemClock, metrics, disabled = [], rootCaPem, nodeGraceSeconds = 40 } = options;
  const log = options.log.child({ component: "controller-manager" });
  const shutdown = createShutdown({ log });
  const manager = createManager({ client, log, clock, metrics });
  for (const { name, create } of controllers) {
    if (!disabled.includes(name)) manager.add(create({ clock, rootCaPem, nodeGraceSeconds }));
  }
  shutdown.add("controllers", manager);
  try {
    await manager.start();
    if (!disabled.includes(GARBAGE_COLLECTOR)) {
      shutdown.add(GARBAGE_COLLECTOR, await startGarbageCollector({ client, log, clock }));
    }
  } catch (error) {
    await shutdown.stop();
    throw error;
  }
  return shutdown;
}
