import type { SystemSpec, SystemStatus } from "../system.ts";
import { conditions } from "./condition.ts";
import { QUANTITY, type SchemaFor } from "./schema.ts";

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
  },
};
