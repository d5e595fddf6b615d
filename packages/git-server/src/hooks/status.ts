import {
  type Application,
  REDELIVER_ANNOTATION,
  type Webhook,
  type WebhookDelivery,
  Webhooks,
} from "@jdos/api";
import { type Condition, deepCopy, deepEqual, setCondition } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { Delivery } from "./deliveries/delivery.ts";
import type { DeliveryStore } from "./deliveries/store.ts";

export const SHOWN_DELIVERIES = 20;

export interface Seen {
  application: Stored<Application> | undefined;
  store: DeliveryStore;
  url: string;
  now: Date;
  /** What came unsigned since the status was written. */
  unsigned?: { count: number; lastTime: string } | undefined;
}

/** Writes what is true of a Webhook, if it is not written yet. */
export async function writeWebhookStatus(
  client: Client,
  webhook: Stored<Webhook>,
  seen: Seen,
): Promise<void> {
  const status = statusOf(webhook, seen);
  const { status: before = {}, metadata } = webhook;
  if (deepEqual(before, status)) return;
  const gone = Object.fromEntries(
    Object.keys(before)
      .filter((name) => !Object.hasOwn(status, name))
      .map((name) => [name, null]),
  );
  await client.patch(
    Webhooks,
    { namespace: metadata.namespace ?? "", name: metadata.name },
    { type: "merge", body: { status: { ...gone, ...status } } },
    { subresource: "status" },
  );
}

function statusOf(webhook: Stored<Webhook>, seen: Seen): NonNullable<Webhook["status"]> {
  const { application, store, url, now } = seen;
  const { generation, uid } = webhook.metadata;
  const before = deepCopy(webhook.status) as Webhook["status"];
  const fact = { type: "Ready", ...readiness(webhook, application) };
  const redelivered = store.redelivered(uid) ?? before?.redelivered;
  const counted = before?.unsigned?.count ?? 0;
  const unsigned =
    seen.unsigned === undefined
      ? before?.unsigned
      : { count: counted + seen.unsigned.count, lastTime: seen.unsigned.lastTime };
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: setCondition(before?.conditions, fact, now),
    url,
    deliveries: store.latest(uid, SHOWN_DELIVERIES).map(shownOf),
    ...(unsigned === undefined ? {} : { unsigned }),
    ...(redelivered === undefined ? {} : { redelivered }),
  };
}

function readiness(
  { spec, metadata }: Stored<Webhook>,
  application: Stored<Application> | undefined,
): Omit<Condition, "type"> {
  const { generation } = metadata;
  const of = generation === undefined ? {} : { observedGeneration: generation };
  if (application === undefined)
    return {
      status: "False",
      reason: "NoApplication",
      message: `There is no application "${spec.application}": deploy it, or delete this webhook`,
      ...of,
    };
  if (application.spec.source?.git === undefined)
    return {
      status: "False",
      reason: "NotFromGit",
      message: `Application "${spec.application}" is not made from git: deploy it from its git URL`,
      ...of,
    };
  return {
    status: "True",
    reason: "Receiving",
    message: `Deliveries build application "${spec.application}"`,
    ...of,
  };
}

function shownOf({ id, time, event, outcome, message, build }: Delivery): WebhookDelivery {
  const kind =
    event.kind === "other"
      ? event.name
      : event.kind === "push" && event.refKind === "tag"
        ? "tag"
        : event.kind;
  return {
    id,
    time,
    event: kind,
    ...("ref" in event && event.ref !== "" ? { ref: event.ref } : {}),
    ...("revision" in event && event.revision !== undefined ? { revision: event.revision } : {}),
    ...(event.kind === "pull_request" ? { pullRequest: event.number } : {}),
    ...("sender" in event && event.sender !== undefined ? { sender: event.sender } : {}),
    outcome,
    message,
    ...(build === undefined ? {} : { build }),
  };
}

/** The redelivery that is asked for and was not taken up yet. */
export function redeliveryWanted(
  { metadata, status }: Stored<Webhook>,
  store: DeliveryStore,
): string | undefined {
  const request = metadata.annotations?.[REDELIVER_ANNOTATION];
  if (request === undefined || request === "") return undefined;
  return request === status?.redelivered || request === store.redelivered(metadata.uid) ? undefined : request;
}
