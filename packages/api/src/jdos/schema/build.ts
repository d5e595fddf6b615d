import type { BuildSpec, BuildStatus } from "../build.ts";
import { conditions } from "./condition.ts";
import { applicationName } from "./run.ts";
import type { SchemaFor } from "./schema.ts";
import { build, source } from "./source.ts";

export const buildSpec: SchemaFor<BuildSpec> = {
  type: "object",
  description: "What is built. Never changes.",
  required: ["application", "number", "source"],
  properties: {
    application: applicationName,
    number: { type: "integer", format: "int64", minimum: 1, description: "Counts the application's builds." },
    source,
    build,
    requestedBy: { type: "string", description: "Who asked for it." },
    timeoutSeconds: {
      type: "integer",
      format: "int64",
      minimum: 10,
      maximum: 86400,
      default: 1800,
      description: "After this it is stopped.",
    },
  },
};

export const buildStatus: SchemaFor<BuildStatus> = {
  type: "object",
  description: "How far it is.",
  properties: {
    observedGeneration: {
      type: "integer",
      format: "int64",
      description: "The generation of the spec this status is about.",
    },
    phase: {
      type: "string",
      enum: ["Pending", "Running", "Succeeded", "Failed"],
      description: "Where it stands.",
    },
    conditions: conditions("Succeeded: True, False with the failing step, or Unknown while it runs."),
    stages: {
      type: "array",
      description: "source, build, push.",
      "x-kubernetes-list-type": "atomic",
      items: {
        type: "object",
        required: ["name", "state"],
        properties: {
          name: { type: "string", enum: ["source", "build", "push"], description: "The stage." },
          state: { type: "string", enum: ["Running", "Succeeded", "Failed"], description: "How far it is." },
          startTime: { type: "string", format: "date-time", description: "When it began." },
          seconds: { type: "number", minimum: 0, description: "How long it took." },
          message: { type: "string", description: "What it found or why it failed." },
        },
      },
    },
    image: { type: "string", description: "The image that was made, by digest." },
    revision: { type: "string", description: "The commit or bundle digest that was built." },
    stack: { type: "string", description: "What was detected, and why." },
    startTime: { type: "string", format: "date-time", description: "When it began." },
    completionTime: { type: "string", format: "date-time", description: "When it ended." },
    attempt: {
      type: "integer",
      format: "int32",
      minimum: 1,
      description: "The try that the Pod belongs to: a build whose Pod is lost begins again.",
    },
    pod: { type: "string", description: "The Pod whose log is the build's log." },
  },
};
