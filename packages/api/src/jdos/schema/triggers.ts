import type { ApplicationTriggers } from "../application.ts";
import type { SchemaFor } from "./schema.ts";

const patterns = {
  type: "array",
  maxItems: 50,
  items: { type: "string", minLength: 1, maxLength: 255 },
} as const;

export const triggers: SchemaFor<ApplicationTriggers> = {
  type: "object",
  description: "Which pushes deploy it, by a webhook or by git push.",
  properties: {
    branches: {
      ...patterns,
      description: "Patterns of branches. Defaults to what source.git.revision names, else main and master.",
    },
    tags: { ...patterns, description: "Patterns of tags. Defaults to none." },
    previews: {
      type: "object",
      description: "Present: each pull request runs as an Application of its own.",
      properties: {
        expireAfterHours: {
          type: "integer",
          format: "int32",
          minimum: 1,
          maximum: 8760,
          description: "Hours after its last change in which a preview ends. Defaults to 168.",
        },
        limit: {
          type: "integer",
          format: "int32",
          minimum: 1,
          maximum: 100,
          description: "Previews at once. Defaults to 10.",
        },
        forks: {
          type: "boolean",
          description:
            "Also of pull requests out of other repositories, whose code would run with these settings.",
        },
      },
    },
  },
};
