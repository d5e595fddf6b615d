import { headerOf, isHexSignature } from "../signature.ts";
import type { Forge } from "./forge.ts";
import { readEvent } from "./github.ts";

/** Forgejo before Gitea: it sends both. Source: docs.gitea.com and forgejo.org, "Webhooks". */
const SIGNATURES = ["x-forgejo-signature", "x-gitea-signature"];
const EVENTS = ["x-forgejo-event", "x-gitea-event"];
const DELIVERIES = ["x-forgejo-delivery", "x-gitea-delivery"];

export const gitea: Forge = {
  name: "gitea",
  signsBodyAlone: true,
  eventHeaders: EVENTS,
  isSigned: (headers) => SIGNATURES.some((name) => headers[name] !== undefined),
  verify: ({ headers, body }, secret) => isHexSignature(firstOf(headers, SIGNATURES), { body }, secret),
  deliveryId: (headers) => firstOf(headers, DELIVERIES) || undefined,
  read: (headers, payload) => readEvent(firstOf(headers, EVENTS), payload),
};

function firstOf(headers: Parameters<typeof headerOf>[0], names: readonly string[]): string {
  return names.map((name) => headerOf(headers, name)).find((value) => value !== "") ?? "";
}
