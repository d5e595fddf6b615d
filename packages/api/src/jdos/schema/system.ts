import { REBUILD_POLICIES } from "../application.ts";
import { NOTICE_EVENTS, type SystemSpec, type SystemStatus, WEEKDAYS } from "../system.ts";
import { conditions } from "./condition.ts";
import { DNS_LABEL, QUANTITY, type SchemaFor } from "./schema.ts";

const name = {
  type: "string",
  description: "Its name among those of the system.",
  pattern: DNS_LABEL,
  maxLength: 40,
} as const;
const secretKey = {
  type: "object",
  required: ["name", "key"],
  properties: {
    name: { type: "string", description: "The Secret's name.", minLength: 1 },
    key: { type: "string", description: "The key within it.", minLength: 1 },
  },
} as const;
/** From 00:00 to 24:00. */
export const HOURS = "^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$";
const time = { type: "string", format: "date-time" } as const;

export const systemSpec: SchemaFor<SystemSpec> = {
  type: "object",
  description: "Whose it is and how much it may use.",
  properties: {
    displayName: { type: "string", description: "A name for people.", maxLength: 128 },
    department: { type: "string", description: "The department it belongs to.", maxLength: 128 },
    members: {
      type: "array",
      description: "Who may do what in it.",
      items: {
        type: "object",
        required: ["name", "role"],
        properties: {
          name: { type: "string", description: "A user's name, or a group's.", minLength: 1, maxLength: 253 },
          kind: {
            type: "string",
            enum: ["User", "Group"],
            default: "User",
            description: "Whether the name is a user's or a group's.",
          },
          role: {
            type: "string",
            enum: ["owner", "developer", "viewer"],
            description: "owner: everything and the members; developer: applications; viewer: read only.",
          },
        },
      },
    },
    quota: {
      type: "object",
      description: "What all its applications together may use. A member that is left out is unlimited.",
      properties: {
        cpu: { type: "string", description: "CPU: 8, 500m.", pattern: QUANTITY },
        memory: { type: "string", description: "Memory: 16Gi.", pattern: QUANTITY },
        pods: { type: "integer", format: "int32", minimum: 0, description: "Pods." },
        disk: { type: "string", description: "Disk of all volumes: 100Gi.", pattern: QUANTITY },
      },
    },
    freezeWindows: {
      type: "array",
      description: "Times in which no new Release becomes current.",
      maxItems: 50,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: {
          name,
          from: { ...time, description: "When it begins." },
          to: { ...time, description: "When it ends." },
          days: {
            type: "array",
            description: "Days of the week. Default to all.",
            maxItems: 7,
            items: { type: "string", enum: WEEKDAYS },
          },
          hours: {
            type: "string",
            description: "Of each of the days. Defaults to the whole day.",
            pattern: HOURS,
          },
          timeZone: { type: "string", description: "Of days and hours. Defaults to UTC.", maxLength: 64 },
          reason: { type: "string", description: "Told to whom it stops.", maxLength: 200 },
        },
      },
    },
    build: {
      type: "object",
      description: "Of those of its applications that do not say it themselves.",
      properties: {
        rebuild: {
          type: "string",
          enum: [...REBUILD_POLICIES],
          description: "When the image that one is built on is newer. Defaults to Offer.",
        },
      },
    },
    notices: {
      type: "array",
      description: "Who is told when builds and releases end.",
      maxItems: 10,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: {
          name,
          url: {
            type: "string",
            description: "Where JSON is posted to.",
            pattern: "^https?://[^\\s]+$",
            maxLength: 2048,
          },
          urlSecret: { ...secretKey, description: "The Secret that has the address instead." },
          events: {
            type: "array",
            description: "What is told. Defaults to everything.",
            items: { type: "string", enum: NOTICE_EVENTS },
          },
          secret: { ...secretKey, description: "The Secret that what is sent is signed with." },
        },
      },
    },
  },
};

export const systemStatus: SchemaFor<SystemStatus> = {
  type: "object",
  description: "What is true now.",
  properties: {
    observedGeneration: {
      type: "integer",
      format: "int64",
      description: "The generation of the spec this status is about.",
    },
    conditions: conditions("Ready."),
    namespace: { type: "string", description: "The Namespace it owns." },
    applications: { type: "integer", format: "int32", minimum: 0, description: "Applications in it." },
    notices: {
      type: "array",
      description: "How each notice fares.",
      items: {
        type: "object",
        required: ["name", "since"],
        properties: {
          name,
          since: { ...time, description: "What ended before is not told." },
          pending: { type: "string", description: "The event that is being told." },
          attempts: { type: "integer", format: "int32", description: "How often it was tried." },
          nextTime: { ...time, description: "When it is tried again." },
          deliveredTime: { ...time, description: "When the last one arrived." },
          message: { type: "string", description: "Why the last try failed." },
        },
      },
    },
  },
};
