import type { ForgeName, Webhook, WebhookDelivery, WebhookSecretView, WebhookView } from "@jdos/api";
import type { Mutable } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { conditionOf } from "../explain/facts.ts";
import type { UrlOptions } from "./application-view.ts";

export function webhookView(webhook: Stored<Webhook>, { routes }: UrlOptions): WebhookView {
  const { metadata, spec, status } = webhook;
  const ready = conditionOf(webhook as never, "Ready");
  return {
    name: metadata.name,
    application: spec.application,
    forge: spec.forge,
    url:
      status?.url ??
      `http://git.${routes.domain}:${routes.port}/hooks/${metadata.namespace}/${metadata.name}`,
    state: ready === undefined ? "Pending" : ready.status === "True" ? "Ready" : "NotReady",
    ...(ready?.message === undefined ? {} : { message: ready.message }),
    secretVersion: spec.secretVersion ?? 1,
    deliveries: (status?.deliveries ?? []) as Mutable<WebhookDelivery[]>,
    ...(status?.unsigned === undefined ? {} : { unsigned: status.unsigned }),
    createdAt: metadata.creationTimestamp,
  };
}

/** As each forge calls them in its settings. */
const EVENTS: Readonly<Record<ForgeName, readonly string[]>> = {
  github: ["Pushes", "Pull requests"],
  gitlab: ["Push events", "Tag push events", "Merge request events"],
  gitea: ["Push", "Pull Request", "Pull Request Synchronized"],
  generic: [],
};

/** What a person enters in the forge. */
export function webhookSecretView(
  webhook: Stored<Webhook>,
  options: UrlOptions & { secret: string },
): WebhookSecretView {
  return {
    ...webhookView(webhook, options),
    secret: options.secret,
    signingToken: `whsec_${Buffer.from(options.secret).toString("base64")}`,
    contentType: "application/json",
    events: [...EVENTS[webhook.spec.forge]],
  };
}
