import type { ApplicationSpec } from "../../jdos/application.ts";
import type { ForgeName, WebhookDelivery } from "../../jdos/webhook.ts";
import type { ApplicationState } from "./applications.ts";

export interface CreateWebhookRequest {
  /** Defaults to the application's. */
  name?: string;
  forge: ForgeName;
  /** Members that are given replace those the application has. */
  triggers?: ApplicationSpec["triggers"];
}

export interface WebhookView {
  name: string;
  application: string;
  forge: ForgeName;
  url: string;
  state: "Ready" | "NotReady" | "Pending";
  message?: string;
  secretVersion: number;
  /** The last 20, the newest first. */
  deliveries: WebhookDelivery[];
  /** Requests without a signature of this secret. */
  unsigned?: { count: number; lastTime: string };
  createdAt: string;
}

/** What is entered in the forge. The secret is shown this once. */
export interface WebhookSecretView extends WebhookView {
  secret: string;
  /** The same for what takes it as the Standard Webhooks specification has it: "whsec_...". */
  signingToken: string;
  contentType: "application/json";
  /** The events to tick, as the forge calls them. */
  events: string[];
}

export interface RedeliverRequest {
  /** Its id. */
  delivery: string;
}

export interface PreviewView {
  name: string;
  pullRequest: number;
  state: ApplicationState;
  message?: string;
  url: string;
  revision?: string;
  latestBuild?: string;
  changedAt: string;
  expiresAt: string;
}
