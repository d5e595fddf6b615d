import type { Condition } from "@jdos/apimachinery";
import type { SchemaFor } from "./schema.ts";

const condition: SchemaFor<Condition> = {
  type: "object",
  required: ["type", "status"],
  properties: {
    type: { type: "string", description: "What the condition is about, in CamelCase.", minLength: 1 },
    status: { type: "string", enum: ["True", "False", "Unknown"], description: "Whether it is so." },
    reason: { type: "string", description: "One word in CamelCase, for programs." },
    message: { type: "string", description: "A sentence, for people." },
    lastTransitionTime: { type: "string", format: "date-time", description: "When the status last changed." },
    observedGeneration: {
      type: "integer",
      format: "int64",
      description: "The generation of the spec it is about.",
    },
  },
};

/** The list of conditions every status carries. */
export function conditions(description: string): SchemaFor<Condition[]> {
  return {
    type: "array",
    description,
    items: condition,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
  };
}
