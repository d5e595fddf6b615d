import { type Application, Applications, type Build, Builds, type Webhook, Webhooks } from "@jdos/api";
import { formatKey, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Result, Watch } from "@jdos/controller-runtime";
import type { DeliveryStore } from "./deliveries/store.ts";
import { redeliver } from "./redeliver.ts";
import { redeliveryWanted, writeWebhookStatus } from "./status.ts";
import { followBuilds, handleQueued, type Subject } from "./work.ts";

export interface WebhookControllerOptions {
  store: DeliveryStore;
  /** Where forges send to. */
  urlOf(webhook: Stored<Webhook>): string;
  unsigned: UnsignedCounts;
}

/** A status is written this often at most: a burst of deliveries is a few writes. */
const STATUS_SECONDS = 1;

/** Handles the deliveries of each Webhook, and says on it what came of them. */
export function webhookController({ store, urlOf, unsigned }: WebhookControllerOptions): ControllerOptions {
  const written = new Map<string, number>();
  return {
    name: "webhook",
    for: Webhooks,
    watches: [
      {
        type: Builds,
        keys: ({ metadata, spec }) =>
          spec.trigger?.webhook === undefined
            ? []
            : [{ namespace: metadata.namespace ?? "", name: spec.trigger.webhook }],
      } satisfies Watch<Build> as never,
      { type: Applications, keys: webhooksOf } satisfies Watch<Application> as never,
    ],
    async reconcile(context, key) {
      const webhook = context.informers.for(Webhooks).lister.get(key);
      if (webhook === undefined) {
        written.delete(formatKey(key));
        return void forget(context, store);
      }
      if (webhook.metadata.deletionTimestamp !== undefined) return undefined;
      const subject: Subject = { context, store, webhook };
      const request = redeliveryWanted(webhook, store);
      if (request !== undefined) redeliver(webhook, request, { store, now: context.now() });
      const handled = await Promise.allSettled([handleQueued(subject)]);
      await followBuilds(subject);
      const status = await sayStatus(subject);
      if (handled[0].status === "rejected") throw handled[0].reason;
      return soonest(handled[0].value, status);
    },
  };

  /** Returns the seconds after which to say it, where it was said a moment ago. */
  async function sayStatus({ context, webhook }: Subject): Promise<number | undefined> {
    const { uid, namespace = "" } = webhook.metadata;
    const key = formatKey(keyOf(webhook));
    const wait = STATUS_SECONDS - (context.now().getTime() - (written.get(key) ?? 0)) / 1000;
    if (wait > 0 && wait <= STATUS_SECONDS) return wait;
    written.set(key, context.now().getTime());
    const application = context.informers
      .for(Applications)
      .lister.get({ namespace, name: webhook.spec.application });
    const counted = unsigned.take(uid);
    try {
      const seen = { application, store, url: urlOf(webhook), now: context.now(), unsigned: counted };
      await writeWebhookStatus(context.client, webhook, seen);
    } catch (error) {
      if (counted !== undefined) unsigned.add(uid, counted);
      written.delete(key);
      throw error;
    }
    return undefined;
  }
}

function webhooksOf({ metadata }: Stored<Application>, informers: InformerFactory): ObjectKey[] {
  const { namespace = "", name } = metadata;
  return informers
    .for(Webhooks)
    .lister.list(namespace)
    .filter(({ spec }) => spec.application === name)
    .map((webhook) => ({ namespace, name: webhook.metadata.name }));
}

/** What is kept of Webhooks that there are no more goes. */
function forget({ informers }: ReconcileContext, store: DeliveryStore): void {
  store.keepOnly(
    informers
      .for(Webhooks)
      .lister.list()
      .map(({ metadata }) => metadata.uid),
  );
}

function soonest(...seconds: (number | undefined)[]): Result | undefined {
  const given = seconds.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : { requeueAfterSeconds: Math.min(...given) };
}

interface Count {
  count: number;
  lastTime: string;
}

/** Requests without a right signature, by Webhook, until they are in its status. */
export class UnsignedCounts {
  readonly #counts = new Map<string, Count>();

  add(uid: string, { count, lastTime }: Count): void {
    this.#counts.set(uid, { count: (this.#counts.get(uid)?.count ?? 0) + count, lastTime });
  }

  take(uid: string): Count | undefined {
    const count = this.#counts.get(uid);
    this.#counts.delete(uid);
    return count;
  }
}
