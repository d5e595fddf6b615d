import type { ApplicationTriggers } from "../application.ts";
import { RELATIVE_PATH, type SchemaFor } from "./schema.ts";

const patterns = {
  type: "array",
  maxItems: 100,
  "x-kubernetes-list-type": "atomic",
  items: { type: "string", minLength: 1, maxLength: 255, pattern: "^[^\\s~^:?\\[\\\\]+$" },
} as const;

export const triggers: SchemaFor<ApplicationTriggers> = {
  type: "object",
  description: "Which pushes deploy it, by a webhook or by git push.",
  properties: {
    branches: {
      ...patterns,
      description:
        "Patterns of branches: * is any text without a slash, ** any text. Defaults to what source.git.revision names, else main and master.",
    },
    tags: { ...patterns, description: "The same of tags. Defaults to none." },
    path: {
      type: "string",
      description: "The folder of the repository that the application is made of. Defaults to its root.",
      pattern: RELATIVE_PATH,
      maxLength: 1024,
    },
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
