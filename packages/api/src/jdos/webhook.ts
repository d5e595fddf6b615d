import type { Condition, ObjectMeta, ResourceType } from "@jdos/apimachinery";
import { jdos } from "./group.ts";

/** A way in for the deliveries of a forge: a push builds an application. Lives in its system's Namespace. */
export interface Webhook {
  apiVersion?: "jdos.io/v1";
  kind?: "Webhook";
  metadata?: ObjectMeta;
  spec: WebhookSpec;
  status?: WebhookStatus;
}

/** Who sends; gitea is Forgejo too, generic is anybody who can sign. */
export const FORGES = ["github", "gitlab", "gitea", "generic"] as const;
export type ForgeName = (typeof FORGES)[number];

export interface WebhookSpec {
  /** What its pushes build, in the same Namespace. */
  application: string;
  forge: ForgeName;
  /** Counted on for another signing secret. Defaults to 1. */
  secretVersion?: number;
}

export interface WebhookStatus {
  observedGeneration?: number;
  /** Ready: False where its application is missing or is not made from git. */
  conditions?: Condition[];
  /** Where the forge sends to. */
  url?: string;
  /** The last 20, the newest first. */
  deliveries?: WebhookDelivery[];
  /** What came with no signature of this secret, and was refused. */
  unsigned?: { count: number; lastTime: string };
  /** The redelivery asked for last that was taken up: the value of REDELIVER_ANNOTATION. */
  redelivered?: string;
}

/**
 * Queued and Building go on to Built, Failed or Coalesced. Answered: a ping. Ignored: it asks for nothing.
 * Refused: it asks for what is not allowed here. Removed: a preview went away.
 */
export const DELIVERY_OUTCOMES = [
  "Queued",
  "Building",
  "Built",
  "Failed",
  "Coalesced",
  "Answered",
  "Ignored",
  "Refused",
  "Removed",
] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

export interface WebhookDelivery {
  /** The forge's own, or one made of the body's digest. */
  id: string;
  time: string;
  /** push, tag, pull_request, ping; else as the forge says. */
  event: string;
  /** The branch or tag. */
  ref?: string;
  revision?: string;
  pullRequest?: number;
  /** Who did it, as the forge says. */
  sender?: string;
  outcome: DeliveryOutcome;
  /** Why, in a sentence. */
  message?: string;
  build?: string;
}

export const Webhooks: ResourceType<Webhook> = {
  ...jdos,
  resource: "webhooks",
  kind: "Webhook",
  namespaced: true,
};

/** On a Webhook: the id of a delivery to be handled again; anything after a space makes it another request. */
export const REDELIVER_ANNOTATION = "jdos.io/redeliver";

/** Labels of the Application that previews a pull request: whose, and which. */
export const PREVIEW_OF_LABEL = "jdos.io/preview-of";
export const PULL_REQUEST_LABEL = "jdos.io/pull-request";
/** When a delivery last changed the preview, RFC 3339: it expires so many hours after. */
export const PREVIEW_CHANGED_ANNOTATION = "jdos.io/preview-changed";

export const PREVIEW_DEFAULTS = { expireAfterHours: 168, limit: 10 } as const;

/** <application>-pr-<number>. */
export function previewName(application: string, pullRequest: number): string {
  return `${application}-pr-${pullRequest}`;
}
