import { DELIVERY_OUTCOMES, FORGES, type WebhookSpec, type WebhookStatus } from "../webhook.ts";
import { conditions } from "./condition.ts";
import { applicationName } from "./run.ts";
import type { SchemaFor } from "./schema.ts";

export const webhookSpec: SchemaFor<WebhookSpec> = {
  type: "object",
  description: "Who may send, and what that builds.",
  required: ["application", "forge"],
  properties: {
    application: applicationName,
    forge: { type: "string", enum: FORGES, description: "Who sends. gitea is Forgejo too." },
    secretVersion: {
      type: "integer",
      format: "int32",
      minimum: 1,
      default: 1,
      description: "Counted on for another signing secret.",
    },
  },
};

export const webhookStatus: SchemaFor<WebhookStatus> = {
  type: "object",
  description: "What came of it.",
  properties: {
    observedGeneration: {
      type: "integer",
      format: "int64",
      description: "The generation of the spec this status is about.",
    },
    conditions: conditions("Ready."),
    url: { type: "string", description: "Where the forge sends to." },
    deliveries: {
      type: "array",
      description: "The last deliveries, the newest first.",
      maxItems: 20,
      "x-kubernetes-list-type": "atomic",
      items: {
        type: "object",
        required: ["id", "time", "event", "outcome"],
        properties: {
          id: { type: "string", description: "What the forge calls it." },
          time: { type: "string", format: "date-time", description: "When it came." },
          event: { type: "string", description: "push, tag, pull_request, ping." },
          ref: { type: "string", description: "The branch or tag." },
          revision: { type: "string", description: "The commit." },
          pullRequest: { type: "integer", format: "int64", description: "The pull request's number." },
          sender: { type: "string", description: "Who did it, as the forge says." },
          outcome: { type: "string", enum: DELIVERY_OUTCOMES, description: "What came of it." },
          message: { type: "string", description: "Why, in a sentence." },
          build: { type: "string", description: "The Build that was made of it." },
        },
      },
    },
    unsigned: {
      type: "object",
      description: "What came with no signature of this secret, and was refused.",
      required: ["count", "lastTime"],
      properties: {
        count: { type: "integer", format: "int64", minimum: 0, description: "How many." },
        lastTime: { type: "string", format: "date-time", description: "When the last one came." },
      },
    },
    redelivered: { type: "string", description: "The request for a redelivery that was taken up last." },
  },
};
