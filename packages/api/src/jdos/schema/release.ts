import type { ReleaseOrigin, ReleaseSpec, ReleaseStatus } from "../release.ts";
import { conditions } from "./condition.ts";
import { applicationName, routes, run } from "./run.ts";
import type { SchemaFor } from "./schema.ts";

const number = { type: "integer", format: "int64", minimum: 1 } as const;

export const promotedFrom: SchemaFor<ReleaseOrigin> = {
  type: "object",
  description: "The Release of another application whose image this is.",
  required: ["system", "application", "release"],
  properties: {
    system: { type: "string", description: "The other's system." },
    application: { type: "string", description: "The other's name." },
    release: { ...number, description: "Its number there." },
  },
};

export const releaseSpec: SchemaFor<ReleaseSpec> = {
  type: "object",
  description: "What can run. Never changes.",
  required: ["application", "number", "image", "run", "hash"],
  properties: {
    application: applicationName,
    number: { ...number, description: "Counts the application's releases." },
    image: { type: "string", description: "The image, by digest.", minLength: 1, maxLength: 512 },
    run,
    routes,
    build: { type: "string", description: "The Build that made the image." },
    rollbackTo: { ...number, description: "The Release that a rollback returns to." },
    insteadOf: { ...number, description: "The Release that was left, in whose stead this one was made." },
    podsOf: { ...number, description: "The Release whose Pods this one keeps, since only routes differ." },
    promotedFrom,
    createdBy: { type: "string", description: "Who made it." },
    reason: { type: "string", description: "Why it was made." },
    hash: {
      type: "string",
      description: "Guards the spec: sha256 over its canonical JSON.",
      pattern: "^[a-f0-9]{64}$",
    },
  },
};

export const releaseStatus: SchemaFor<ReleaseStatus> = {
  type: "object",
  description: "What is true now.",
  properties: {
    deployedTime: { type: "string", format: "date-time", description: "When it first served." },
    conditions: conditions(
      "Intact: False when the spec no longer matches its hash. Deployed: True while it is what runs.",
    ),
  },
};
