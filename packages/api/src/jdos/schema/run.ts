import type { ApplicationRoute, ApplicationRun } from "../application.ts";
import { DNS_LABEL, QUANTITY, type SchemaFor } from "./schema.ts";

const port = { type: "integer", format: "int32", minimum: 1, maximum: 65535 } as const;

export const run: SchemaFor<ApplicationRun> = {
  type: "object",
  description: "How the application runs. Each change makes a new Release.",
  properties: {
    command: { type: "array", description: "Replaces the image's command.", items: { type: "string" } },
    args: { type: "array", description: "Arguments of the command.", items: { type: "string" } },
    env: {
      type: "array",
      description: "Environment variables.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: {
          name: {
            type: "string",
            description: "The variable's name.",
            pattern: "^[-._a-zA-Z][-._a-zA-Z0-9]*$",
          },
          value: { type: "string", description: "Its value." },
          secret: {
            type: "object",
            description: "Takes the value from a Secret of the system.",
            required: ["name", "key"],
            properties: {
              name: { type: "string", description: "The Secret's name.", minLength: 1 },
              key: { type: "string", description: "The key within it.", minLength: 1 },
            },
          },
        },
      },
    },
    ports: {
      type: "array",
      description:
        "Ports the application listens on; the first receives the routes' traffic and is told to it as PORT. Defaults to 8080.",
      maxItems: 32,
      items: {
        type: "object",
        required: ["port"],
        properties: {
          name: {
            type: "string",
            description: "A name of at most 15 characters.",
            pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            maxLength: 15,
          },
          port: { ...port, description: "The number." },
          protocol: { type: "string", enum: ["TCP", "UDP"], description: "Defaults to TCP." },
        },
      },
    },
    cpu: { type: "string", description: "CPU that is reserved for each Pod: 100m, 2.", pattern: QUANTITY },
    memory: {
      type: "string",
      description: "Memory each Pod gets, and no more: 256Mi, 2Gi.",
      pattern: QUANTITY,
    },
    health: {
      type: "object",
      description: "How readiness is asked for.",
      properties: {
        path: {
          type: "string",
          description:
            "HTTP path that answers 200 to 399 when the Pod is ready. Without it the first port must accept a connection.",
          pattern: "^/",
        },
        port: { ...port, description: "Defaults to the first port." },
        initialDelaySeconds: {
          type: "integer",
          minimum: 0,
          maximum: 3600,
          description: "Wait before the first question. Defaults to 0.",
        },
        periodSeconds: {
          type: "integer",
          minimum: 1,
          maximum: 3600,
          description: "Time between questions. Defaults to 2.",
        },
      },
    },
    terminationGracePeriodSeconds: {
      type: "integer",
      format: "int64",
      minimum: 1,
      maximum: 3600,
      description: "Seconds a Pod has to finish its requests. Defaults to 30.",
    },
  },
};

const route: SchemaFor<ApplicationRoute> = {
  type: "object",
  properties: {
    host: {
      type: "string",
      description: "Host name. Defaults to <application>.<system>.jdos.localhost.",
      pattern: "^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
      maxLength: 253,
    },
    path: { type: "string", description: 'Path prefix. Defaults to "/".', pattern: "^/" },
    port: { ...port, description: "Port of the application. Defaults to the first." },
  },
};

export const routes: SchemaFor<ApplicationRoute[]> = {
  type: "array",
  description:
    "Host names and paths under which the application answers. An empty list: none; left out: the default host name.",
  maxItems: 64,
  items: route,
};

/** The name of an application: also that of its Service, so a DNS label that starts with a letter. */
export const applicationName = {
  type: "string",
  description: "The application's name.",
  pattern: DNS_LABEL,
  minLength: 1,
  maxLength: 50,
} as const;
