import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Webhook, Webhooks } from "@jdos/api";
import { formatKey, keyOf } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { type Clock, type Logger, type Metrics, systemClock } from "@jdos/component-base";
import { createManager } from "@jdos/controller-runtime";
import type { Handler } from "../handler.ts";
import { UnsignedCounts, webhookController } from "./controller.ts";
import { DeliveryStore } from "./deliveries/store.ts";
import { createHookMetrics } from "./metrics.ts";
import { previewExpiryController } from "./previews/expiry.ts";
import { createReceiver } from "./receiver.ts";
import { Waker } from "./waker.ts";

export interface HooksOptions {
  /** As the git server itself. */
  client: Client;
  log: Logger;
  metrics?: Metrics;
  clock?: Clock;
  /** Deliveries are kept in hooks.sqlite there. */
  dataDirectory: string;
  /** Of Secret jdos-system/git-server-keys: signing secrets are made of it. */
  masterKey: string;
  /** Before /hooks/<system>/<webhook> in the addresses told to people: http://git.jdos.localhost:8080 */
  publicUrl: string;
  /** Largest body. Defaults to 25 MiB. */
  maxBodyBytes?: number;
}

export interface Hooks {
  readonly handler: Handler;
  /** Resolves when nothing is left to do; what waits for a time does not count. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Deliveries that come closer together are looked at together. */
const RECEIVED_MILLIS = 250;
/** How long a webhook's count of unsigned requests may lag behind. */
const REFUSED_MILLIS = 10_000;

/** Receives deliveries, builds what they ask for, and keeps previews. Resolves when it can receive. */
export async function startHooks(options: HooksOptions): Promise<Hooks> {
  const { client, log, metrics, clock = systemClock, dataDirectory, masterKey, publicUrl } = options;
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const store = new DeliveryStore(join(dataDirectory, "hooks.sqlite"));
  const unsigned = new UnsignedCounts();
  const manager = createManager({ client, log, clock, ...(metrics === undefined ? {} : { metrics }) });
  const urlOf = ({ metadata }: Stored<Webhook>): string =>
    `${publicUrl}/hooks/${metadata.namespace}/${metadata.name}`;
  const controller = manager.add(webhookController({ store, urlOf, unsigned }));
  manager.add(previewExpiryController());
  const received = new Waker({ clock, everyMillis: RECEIVED_MILLIS });
  const refused = new Waker({ clock, everyMillis: REFUSED_MILLIS });
  const wake = (waker: Waker, webhook: Stored<Webhook>): void => {
    const key = keyOf(webhook);
    waker.wake(formatKey(key), () => controller.enqueue(key));
  };
  await manager.start();
  // Of those that were deleted while nobody looked.
  store.keepOnly(
    manager.informers
      .for(Webhooks)
      .lister.list()
      .map(({ metadata }) => metadata.uid),
  );
  const handler = createReceiver({
    informers: manager.informers,
    store,
    masterKey,
    clock,
    metrics: createHookMetrics(metrics),
    wake: (webhook) => wake(received, webhook),
    unsigned(webhook) {
      unsigned.add(webhook.metadata.uid, { count: 1, lastTime: clock.now().toISOString() });
      wake(refused, webhook);
    },
    ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
  });
  return {
    handler,
    async idle() {
      await received.idle();
      await manager.idle();
    },
    async stop() {
      received.stop();
      refused.stop();
      await manager.stop();
      store.close();
    },
  };
}
