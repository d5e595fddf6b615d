import { Events } from "@jdos/api";
import { isStatus, type KubeObject } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { type Clock, type Logger, systemClock } from "@jdos/component-base";
import type { EventRecorder, ObjectRef } from "../contract.ts";
import { EventCorrelator, type EventWrite } from "./event-correlator.ts";

export interface EventRecorderOptions {
  client: Client;
  log: Logger;
  clock?: Clock;
  /** Stands in the event's source: "deployment-controller", "kubelet". */
  component: string;
  /** The node the source runs on, for sources that have one. */
  host?: string;
}

/** More than this many unwritten events are dropped: events are a help, never a reason to fall behind. */
const MAX_PENDING = 1000;

/** What is not written this long after stop() is dropped. */
const STOP_MILLIS = 2000;

export interface StoppableEventRecorder extends EventRecorder {
  /** Resolves when what was recorded has been written. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export function createEventRecorder(options: EventRecorderOptions): StoppableEventRecorder {
  const { client, log, clock = systemClock, component, host } = options;
  const correlator = new EventCorrelator({ clock });
  const pending: EventWrite[] = [];
  let writing: Promise<void> | undefined;
  let stopped = false;

  async function writeAll(): Promise<void> {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      try {
        await write(client, next);
      } catch (error) {
        log.debug({ err: error, reason: next.event.reason }, "Cannot write event");
      }
    }
    writing = undefined;
  }

  return {
    event(about, type, reason, message) {
      if (stopped) return;
      const source = host === undefined ? { component } : { component, host };
      const write = correlator.correlate({ about: referenceTo(about), type, reason, message, source });
      if (write === undefined || pending.length >= MAX_PENDING) return;
      pending.push(write);
      writing ??= Promise.resolve().then(writeAll);
    },
    flush: async () => writing,
    async stop() {
      stopped = true;
      const late = clock.schedule(STOP_MILLIS, () => {
        pending.length = 0;
      });
      await writing;
      late.cancel();
    },
  };
}

async function write(client: Client, { event, isNew }: EventWrite): Promise<void> {
  if (!isNew) {
    const { count, message, lastTimestamp } = event;
    try {
      const key = { namespace: event.metadata.namespace, name: event.metadata.name };
      await client.patch(Events, key, { type: "merge", body: { count, message, lastTimestamp } });
      return;
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
  await client.create(Events, event);
}

/** The part of an object that an event carries. */
export function referenceTo(about: Stored<KubeObject> | ObjectRef): ObjectRef & { resourceVersion?: string } {
  if (!("metadata" in about)) return about;
  const { namespace, name, uid, resourceVersion } = about.metadata;
  return { apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid, resourceVersion };
}
