import type { ApplicationSpec, ApplicationStatus, ImageSpread } from "../application.ts";
import { conditions } from "./condition.ts";
import { rollout, rolloutStatus } from "./rollout.ts";
import { routes, run } from "./run.ts";
import type { SchemaFor } from "./schema.ts";
import { build, source } from "./source.ts";
import { triggers } from "./triggers.ts";

const count = { type: "integer", format: "int32", minimum: 0 } as const;

/** Of nodes: a cluster has no more than 5,000. */
const names = (description: string) =>
  ({ type: "array", maxItems: 5000, items: { type: "string" }, description }) as const;

const spread: SchemaFor<ImageSpread> = {
  type: "object",
  description: "While nodes pull an image before Pods of it are made.",
  required: ["image", "since", "wanted"],
  properties: {
    image: { type: "string", description: "The image." },
    since: { type: "string", format: "date-time", description: "When Pods began to be held back." },
    wanted: { ...count, description: "How many nodes were to pull it, as it was seen last." },
    nodes: names("The nodes that have."),
    failed: names("The nodes that could not: they are not waited for."),
    message: { type: "string", description: "A sentence." },
  },
};

export const applicationSpec: SchemaFor<ApplicationSpec> = {
  type: "object",
  description: "What the application is meant to be.",
  properties: {
    kind: {
      type: "string",
      enum: ["service"],
      default: "service",
      description: "What it does: service runs Pods that answer requests.",
    },
    source,
    build,
    run,
    routes,
    replicas: { ...count, default: 1, maximum: 10000, description: "Running Pods. Not part of a Release." },
    deployPolicy: {
      type: "string",
      enum: ["Automatic", "Manual"],
      default: "Automatic",
      description: "Automatic makes the Release of each successful Build current.",
    },
    release: {
      type: "integer",
      format: "int64",
      minimum: 1,
      description: "The number of the Release that what runs is rendered from.",
    },
    rollbackTo: {
      type: "integer",
      format: "int64",
      minimum: 1,
      description:
        "Asks for a new Release with the image and configuration of this one; cleared when it is made.",
    },
    rollout,
    triggers,
    historyLimit: {
      ...count,
      minimum: 1,
      maximum: 1000,
      default: 10,
      description: "Releases and Builds kept besides those in use.",
    },
  },
};

export const applicationStatus: SchemaFor<ApplicationStatus> = {
  type: "object",
  description: "What is true now.",
  properties: {
    observedGeneration: {
      type: "integer",
      format: "int64",
      description: "The generation of the spec this status is about.",
    },
    conditions: conditions("Built, Released, Available, Progressing, Routed, Ready; BaseImageCurrent."),
    currentRelease: { type: "integer", format: "int64", description: "The Release whose Pods serve now." },
    rollout: rolloutStatus,
    spread,
    latestBuild: { type: "string", description: "The name of the latest Build." },
    latestRelease: {
      type: "integer",
      format: "int64",
      description: "The highest Release number ever given.",
    },
    configurationHash: {
      type: "string",
      description: "Hash of the run and routes that the latest Release was made of.",
    },
    sourceImage: { type: "string", description: "The source image that the latest Release was made of." },
    selector: { type: "string", description: "Label selector of the Pods." },
    image: { type: "string", description: "The image that serves now." },
    url: { type: "string", description: "Where the application answers." },
    replicas: { ...count, description: "Pods there are." },
    readyReplicas: { ...count, description: "Pods that are ready." },
    updatedReplicas: { ...count, description: "Pods of the wanted Release." },
  },
};
