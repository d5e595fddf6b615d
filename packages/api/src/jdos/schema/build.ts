import { BUILD_STAGES, BUILD_TRIGGERS, type BuildSpec, type BuildStatus } from "../build.ts";
import { conditions } from "./condition.ts";
import { applicationName } from "./run.ts";
import { DIGEST, DNS_LABEL, type SchemaFor } from "./schema.ts";
import { build, source } from "./source.ts";

const buildName = { type: "string", pattern: DNS_LABEL, maxLength: 62 } as const;

const images = (description: string) =>
  ({
    type: "array",
    description,
    maxItems: 16,
    "x-kubernetes-list-type": "atomic",
    items: {
      type: "object",
      required: ["image", "digest"],
      properties: {
        image: { type: "string", maxLength: 512, description: "Its name." },
        digest: { type: "string", pattern: DIGEST, description: "What it was." },
        mirror: { type: "string", maxLength: 512, description: "The mirror that gave it." },
      },
    },
  }) as const;

export const buildSpec: SchemaFor<BuildSpec> = {
  type: "object",
  description: "What is built. cancel alone may change.",
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
      description: "After this it is stopped. Defaults to build.timeoutSeconds, else 1800.",
    },
    cancel: { type: "boolean", description: "Stops it, whatever it is at. True is final." },
    retryOf: { ...buildName, description: "The Build whose source and settings it has." },
    trigger: {
      type: "object",
      description: "What brought it about. Absent: a person's deploy.",
      required: ["kind"],
      properties: {
        kind: { type: "string", enum: BUILD_TRIGGERS, description: "Who or what asked for it." },
        ref: { type: "string", maxLength: 255, description: "The branch or tag." },
        pullRequest: { type: "integer", format: "int64", minimum: 1, description: "The pull request." },
        webhook: { type: "string", maxLength: 253, description: "The Webhook that received it." },
        delivery: { type: "string", maxLength: 253, description: "The Webhook's delivery." },
      },
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
      enum: ["Queued", "Pending", "Running", "Succeeded", "Failed", "Cancelled"],
      description: "Where it stands. Succeeded, Failed and Cancelled are final.",
    },
    conditions: conditions(
      "Succeeded: True, False with the failing step, or Unknown while it runs. Attested: whether its image is signed.",
    ),
    stages: {
      type: "array",
      description: "source, build, push; test and after where there are such steps.",
      "x-kubernetes-list-type": "atomic",
      items: {
        type: "object",
        required: ["name", "state"],
        properties: {
          name: { type: "string", enum: BUILD_STAGES, description: "The stage." },
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
    notBefore: { type: "string", format: "date-time", description: "It begins again no sooner." },
    pod: { type: "string", description: "The Pod whose log is the build's log." },
    log: {
      type: "string",
      pattern: DIGEST,
      description: "The artifact that keeps the log of an ended build.",
    },
    materials: images("The images it was built from, the base first."),
    bases: images("What FROM named at other registries, as the user's own steps say it."),
    sbom: { type: "string", pattern: DIGEST, description: "The list of packages of the image, CycloneDX." },
    provenance: {
      type: "string",
      pattern: DIGEST,
      description: "The signed statement of how the image came about.",
    },
    signature: { type: "string", pattern: DIGEST, description: "The artifact with the image's signature." },
  },
};
