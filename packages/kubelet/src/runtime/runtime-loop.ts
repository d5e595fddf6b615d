import type { Clock, Logger } from "@jdos/component-base";
import type { CriClient } from "../cri/cri-client.ts";
import type { RuntimeView } from "./runtime-view.ts";

export interface RuntimeLoopOptions {
  cri: CriClient;
  view: RuntimeView;
  clock: Clock;
  log: Logger;
  /** Told of each Pod whose containers or sandboxes changed. */
  onChange(uid: string): void;
}

export interface RuntimeLoop {
  stop(): Promise<void>;
}

/** With the runtime's events at hand, listing everything is only a safety net. */
const RELIST_MS = 2000;
const RELIST_WITHOUT_EVENTS_MS = 1000;
const EXIT_CHECKS_MS = [0, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Watches the runtime: an exit is known at once by its event, whatever else changed by listing now and then. */
export function startRuntimeLoop({ cri, view, clock, log, onChange }: RuntimeLoopOptions): RuntimeLoop {
  const stop = new AbortController();
  let listening = false;

  async function exited(id: string): Promise<void> {
    const uid = view.podOf(id);
    if (uid === undefined) return;
    // The event is sent before the runtime's own record of the container says so.
    for (const delay of EXIT_CHECKS_MS) {
      if (delay > 0) await clock.sleep(delay, stop.signal);
      const pod = await view.refresh(uid);
      const container = pod?.containers.find((item) => item.id === id);
      const sandbox = pod?.sandboxes.find((item) => item.id === id);
      if (container?.state !== "CONTAINER_RUNNING" && sandbox?.ready !== true) break;
    }
    onChange(uid);
  }

  async function listen(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        listening = true;
        await cri.watchTasks((id) => void exited(id).catch(() => undefined), stop.signal);
      } catch (error) {
        log.warn({ err: error }, "Lost the runtime's events");
      }
      listening = false;
      await clock.sleep(1000, stop.signal).catch(() => undefined);
    }
  }

  async function relist(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        for (const uid of await view.relist()) onChange(uid);
      } catch (error) {
        log.warn({ err: error }, "Cannot list what the runtime holds");
      }
      const delay = listening ? RELIST_MS : RELIST_WITHOUT_EVENTS_MS;
      await clock.sleep(delay, stop.signal).catch(() => undefined);
    }
  }

  const running = [listen(), relist()];
  return {
    stop: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}
