import type { ApplicationRollout, RolloutStatus } from "../application.ts";
import type { SchemaFor } from "./schema.ts";

const STRATEGIES = ["Rolling", "Canary", "BlueGreen", "InPlace"] as const;
const percent = { type: "integer", format: "int32", minimum: 0, maximum: 100 } as const;
const seconds = { type: "integer", format: "int32", minimum: 0, maximum: 604800 } as const;
const number = { type: "integer", format: "int64" } as const;

export const rollout: SchemaFor<ApplicationRollout> = {
  type: "object",
  description: "How a new Release replaces the one that runs.",
  properties: {
    strategy: {
      type: "string",
      enum: STRATEGIES,
      description:
        "Rolling replaces Pods one after another, Canary gives the new Release a growing share of the requests, BlueGreen switches to it at once, InPlace gives the Pods that are there the new image and rolls where more than the image differs. Defaults to Rolling.",
    },
    canary: {
      type: "object",
      description: "The steps of strategy Canary.",
      properties: {
        steps: {
          type: "array",
          description: "In their order. Defaults to 10 % and 50 %, a minute each.",
          minItems: 1,
          maxItems: 20,
          items: {
            type: "object",
            required: ["weight"],
            properties: {
              weight: { ...percent, description: "Percent of the requests that the new Release takes." },
              pauseSeconds: {
                ...seconds,
                description: "How long the step lasts. Left out, it waits until it is promoted.",
              },
            },
          },
        },
        maxErrorPercent: {
          ...percent,
          description:
            "By how many percentage points the canary's share of 5xx answers may exceed that of the stable Release. Defaults to 5.",
        },
      },
    },
    blueGreen: {
      type: "object",
      description: "Of strategy BlueGreen.",
      properties: {
        hold: {
          type: "boolean",
          description:
            "Waits until it is promoted before all requests go to the new Release. Defaults to false.",
        },
        keepSeconds: {
          ...seconds,
          description: "How long the old Pods are kept after the switch. Defaults to 30.",
        },
      },
    },
    autoRollback: {
      type: "boolean",
      description:
        "Whether a Release that does not become ready, or fails as a canary, is left for the last good one. Defaults to true.",
    },
    progressDeadlineSeconds: {
      type: "integer",
      format: "int32",
      minimum: 5,
      maximum: 86400,
      description: "Seconds without progress after which the rollout is reported as failed. Defaults to 600.",
    },
  },
};

export const rolloutStatus: SchemaFor<RolloutStatus> = {
  type: "object",
  description: "How the latest rollout with a strategy stands, or that a Release was left.",
  required: ["phase", "strategy", "release", "weight", "since"],
  properties: {
    phase: {
      type: "string",
      enum: ["Starting", "Progressing", "Paused", "Promoting", "Finishing", "Complete", "Aborted"],
      description: "How far it is.",
    },
    strategy: { type: "string", enum: STRATEGIES, description: "The strategy it follows." },
    release: { ...number, description: "The Release that is rolled out." },
    from: { ...number, description: "The Release that served before." },
    step: { type: "integer", format: "int32", description: "The canary's step, from 1 on." },
    steps: { type: "integer", format: "int32", description: "How many steps there are." },
    weight: { ...percent, description: "Percent of the requests that the new Release takes." },
    since: { type: "string", format: "date-time", description: "When the phase began." },
    message: { type: "string", description: "A sentence." },
  },
};
