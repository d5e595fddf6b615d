import {
  type ApplicationBuild,
  type ApplicationSource,
  type BuildStep,
  REBUILD_POLICIES,
  STACKS,
} from "../application.ts";
import { promotedFrom } from "./release.ts";
import { COMMIT, DIGEST, DNS_LABEL, QUANTITY, type SchemaFor } from "./schema.ts";

export const source: SchemaFor<ApplicationSource> = {
  type: "object",
  description: "Where the application comes from: exactly one of git, bundle and image.",
  maxProperties: 1,
  properties: {
    git: {
      type: "object",
      description: "A git repository.",
      required: ["url"],
      properties: {
        url: {
          type: "string",
          description: "An https, http, ssh or git URL.",
          pattern: "^((https?|ssh|git)://|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:)[^\\s]+$",
          maxLength: 2048,
        },
        revision: {
          type: "string",
          description: "A branch, a tag or a commit. Defaults to the repository's own default branch.",
          pattern: "^[A-Za-z0-9_][^\\s~^:?*\\[\\\\]*$",
          maxLength: 255,
        },
        path: {
          type: "string",
          description: "The folder within the repository. Defaults to its root.",
          pattern: "^[^/].*$",
          maxLength: 1024,
        },
        secret: {
          type: "string",
          description:
            "The Secret with password and username, or ssh-privatekey and known_hosts, to read it with.",
          pattern: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
          maxLength: 253,
        },
      },
    },
    bundle: {
      type: "object",
      description: "A directory that was uploaded to the registry.",
      required: ["digest"],
      properties: {
        digest: { type: "string", description: "Digest of the bundle's manifest.", pattern: DIGEST },
        revision: { type: "string", description: "The commit that it was made of.", pattern: COMMIT },
        ref: {
          type: "string",
          description: "The branch or tag that led to it.",
          pattern: "^[^\\s~^:?*\\[\\\\]+$",
          maxLength: 255,
        },
      },
    },
    image: {
      type: "object",
      description: "An image that is there already.",
      required: ["reference"],
      properties: {
        reference: {
          type: "string",
          description: "The image with its tag or digest.",
          pattern: "^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$",
          maxLength: 512,
        },
        promotedFrom,
        request: { type: "string", description: "Names the request that asked for it.", maxLength: 63 },
      },
    },
  },
};

function steps(description: string): SchemaFor<BuildStep[]> {
  return {
    type: "array",
    maxItems: 16,
    description,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    items: {
      type: "object",
      required: ["name", "run"],
      properties: {
        name: { type: "string", description: "What it is called.", pattern: DNS_LABEL, maxLength: 63 },
        run: { type: "string", description: "For /bin/sh: npm test.", minLength: 1, maxLength: 16384 },
      },
    },
  };
}

export const build: SchemaFor<ApplicationBuild> = {
  type: "object",
  description: "How the source becomes an image. Looked up in the source where left out.",
  properties: {
    dockerfile: {
      type: "string",
      description: "Path of the Dockerfile within the source. Defaults to Dockerfile when there is one.",
      pattern: "^[^/].*$",
      maxLength: 1024,
    },
    stack: {
      type: "string",
      enum: [...STACKS],
      description: "Uses this stack whatever the source looks like.",
    },
    args: {
      type: "object",
      description: "Build arguments (ARG) of a Dockerfile.",
      additionalProperties: { type: "string" },
    },
    timeoutSeconds: {
      type: "integer",
      format: "int64",
      minimum: 10,
      maximum: 86400,
      description: "After this a build is stopped. Defaults to 1800.",
    },
    cpu: { type: "string", pattern: QUANTITY, description: "CPU that a build's steps may use." },
    memory: { type: "string", pattern: QUANTITY, description: "Memory that a build's steps may have." },
    secrets: {
      type: "array",
      maxItems: 32,
      description: "For steps that ask for them by RUN --mount=type=secret; in no image, log or cache.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name", "secret"],
        properties: {
          name: {
            type: "string",
            description: "The id that steps ask for.",
            pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
            maxLength: 63,
          },
          secret: {
            type: "object",
            description: "A key of a Secret in the system's Namespace.",
            required: ["name", "key"],
            properties: {
              name: { type: "string", description: "The Secret.", minLength: 1, maxLength: 253 },
              key: { type: "string", description: "The key in it.", minLength: 1, maxLength: 253 },
            },
          },
        },
      },
    },
    squash: {
      type: "boolean",
      description: "Makes one layer of all that the build put over its base. Defaults to false.",
    },
    rebuild: {
      type: "string",
      enum: [...REBUILD_POLICIES],
      description:
        "What becomes of it when the image it is built on is newer: Never looks, Offer says it, Automatic builds it again. Defaults to what its System says.",
    },
    steps: {
      type: "object",
      description: "Commands of one's own; the first that fails ends the build.",
      properties: {
        before: steps("Before the image is made: tests, checks. What they write is in no image."),
        after: steps("When the image is pushed: scans, notices. They cannot change it."),
      },
    },
  },
};
