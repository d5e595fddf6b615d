import type { Webhook } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { GitServerError } from "../errors.ts";
import { decodePayload } from "./decode.ts";
import type { Delivery, NewDelivery } from "./deliveries/delivery.ts";
import type { DeliveryStore } from "./deliveries/store.ts";
import type { HookEvent } from "./forges/forge.ts";
import { forgeOf } from "./forges/forges.ts";

/** Handles a delivery once more, as a delivery of its own: "<id> <anything>" asks for it. */
export function redeliver(
  { metadata, spec }: Stored<Webhook>,
  request: string,
  { store, now }: { store: DeliveryStore; now: Date },
): void {
  const [id = ""] = request.split(" ");
  const { uid: hook } = metadata;
  const original = store.find(hook, id);
  const common = { hook, time: now.toISOString() };
  const again: NewDelivery =
    original === undefined
      ? {
          ...common,
          id: `${id.slice(0, 100)}.again`,
          event: { kind: "other", name: "redelivery" },
          outcome: "Refused",
          message: `Delivery "${id.slice(0, 100)}" is not kept any more: push again`,
        }
      : {
          ...common,
          id: nameOf(store, original),
          event: eventOf(spec, original, store),
          outcome: "Queued",
          message: `It is handled again as delivery ${original.id} was`,
        };
  store.redeliver(hook, request, again);
}

/** "<id>.2", "<id>.3" ... */
function nameOf(store: DeliveryStore, { hook, id }: Delivery): string {
  const base = id.replace(/\.\d{1,4}$/, "");
  for (let number = 2; ; number++)
    if (store.find(hook, `${base}.${number}`) === undefined) return `${base}.${number}`;
}

/** Read from the body anew while that is kept. */
function eventOf(
  { forge }: Stored<Webhook>["spec"],
  { sequence, event }: Delivery,
  store: DeliveryStore,
): HookEvent {
  const received = store.received(sequence);
  if (received === undefined) return event;
  try {
    return forgeOf(forge).read(received.headers, decodePayload(received));
  } catch (error) {
    // The Webhook is another forge's since.
    if (error instanceof GitServerError) return event;
    throw error;
  }
}
