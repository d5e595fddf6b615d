import { FORGES, MAX_SOURCE_PART_BYTES, MAX_SOURCE_PARTS, NOTICE_EVENTS, WEEKDAYS } from "@jdos/api";
import { SETTINGS_SCHEMA } from "@jdos/api/settings-schema";

/** JSON schemas of what people send. Patterns follow the API server's rules, so that a refusal comes early and clear. */
export const SYSTEM_NAME = {
  type: "string",
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
  maxLength: 63,
} as const;
/** Also the name of a Service; short enough for the names of its Builds and Pods. */
export const APP_NAME = { type: "string", pattern: "^[a-z]([-a-z0-9]*[a-z0-9])?$", maxLength: 45 } as const;
const ENV_NAME = "^[-._a-zA-Z][-._a-zA-Z0-9]*$";
const PORT = { type: "integer", minimum: 1, maximum: 65535 } as const;
const QUANTITY = {
  type: "string",
  pattern: "^[0-9]+(\\.[0-9]+)?([mkMGTP]|[KMGTP]i)?$",
  maxLength: 32,
} as const;
const TEXT = { type: "string", maxLength: 4096 } as const;
const WORDS = { type: "array", items: TEXT, maxItems: 256 } as const;

const closed = <P extends object>(properties: P, required: readonly string[] = []) =>
  ({ type: "object", properties, required, additionalProperties: false }) as const;

const SECRET_KEY = closed(
  {
    name: { type: "string", minLength: 1, maxLength: 253 },
    key: { type: "string", minLength: 1, maxLength: 253 },
  },
  ["name", "key"],
);

export const SYSTEM_PARAMS = closed({ system: SYSTEM_NAME }, ["system"]);
export const APP_PARAMS = closed({ system: SYSTEM_NAME, app: APP_NAME }, ["system", "app"]);
const DIGEST = { type: "string", pattern: "^sha256:[a-f0-9]{64}$" };
export const PART_PARAMS = closed({ system: SYSTEM_NAME, app: APP_NAME, digest: DIGEST }, [
  "system",
  "app",
  "digest",
]);
export const SOURCE_PARTS = closed(
  {
    parts: {
      type: "array",
      minItems: 1,
      maxItems: MAX_SOURCE_PARTS,
      items: closed(
        {
          digest: DIGEST,
          sizeBytes: { type: "integer", minimum: 1, maximum: MAX_SOURCE_PART_BYTES },
        },
        ["digest", "sizeBytes"],
      ),
    },
  },
  ["parts"],
);
export const BUILD_PARAMS = closed(
  { system: SYSTEM_NAME, app: APP_NAME, number: { type: "integer", minimum: 1 } },
  ["system", "app", "number"],
);
export const IMAGE_PARAMS = closed(
  {
    system: SYSTEM_NAME,
    app: APP_NAME,
    digest: { type: "string", pattern: "^(sha256:)?[a-f0-9]{6,64}$" },
  },
  ["system", "app", "digest"],
);

export const VERIFICATION_QUERY = closed({ release: { type: "integer", minimum: 1 } });

export const CREATE_SYSTEM = closed(
  {
    name: SYSTEM_NAME,
    displayName: TEXT,
    department: TEXT,
    members: {
      type: "array",
      maxItems: 1000,
      items: closed(
        {
          name: { ...TEXT, minLength: 1 },
          kind: { enum: ["User", "Group"] },
          role: { enum: ["owner", "developer", "viewer"] },
        },
        ["name", "role"],
      ),
    },
    quota: closed({ cpu: QUANTITY, memory: QUANTITY, pods: { type: "integer", minimum: 0 }, disk: QUANTITY }),
  },
  ["name"],
);

const RUN = closed({
  command: WORDS,
  args: WORDS,
  env: {
    type: "array",
    maxItems: 1000,
    items: closed(
      {
        name: { type: "string", pattern: ENV_NAME, maxLength: 256 },
        value: { type: "string", maxLength: 128 * 1024 },
        secret: closed({ name: { ...TEXT, minLength: 1 }, key: { ...TEXT, minLength: 1 } }, ["name", "key"]),
      },
      ["name"],
    ),
  },
  ports: {
    type: "array",
    maxItems: 32,
    items: closed({ name: TEXT, port: PORT, protocol: { enum: ["TCP", "UDP"] } }, ["port"]),
  },
  cpu: QUANTITY,
  memory: QUANTITY,
  health: closed({
    path: { type: "string", pattern: "^/", maxLength: 2048 },
    port: PORT,
    initialDelaySeconds: { type: "integer", minimum: 0 },
    periodSeconds: { type: "integer", minimum: 1 },
  }),
  terminationGracePeriodSeconds: { type: "integer", minimum: 0, maximum: 3600 },
});

export const REPLICAS = { type: "integer", minimum: 0, maximum: 1000 } as const;

const REFS = {
  type: "array",
  maxItems: 100,
  items: { type: "string", minLength: 1, maxLength: 255 },
} as const;

const TRIGGERS = closed({
  branches: REFS,
  tags: REFS,
  path: { type: "string", minLength: 1, maxLength: 1024 },
  previews: closed({
    expireAfterHours: { type: "integer", minimum: 1, maximum: 8760 },
    limit: { type: "integer", minimum: 1, maximum: 100 },
    forks: { type: "boolean" },
  }),
});

/** The Kind's own, with a path that stays within the source. */
const BUILD = {
  ...SETTINGS_SCHEMA.build,
  properties: {
    ...SETTINGS_SCHEMA.build.properties,
    dockerfile: { type: "string", pattern: "^(?!/)(?!.*\\.\\.).+$", maxLength: 1024 },
  },
} as const;

/** What an application is besides its source. */
const SETTINGS = {
  build: BUILD,
  run: RUN,
  routes: {
    type: "array",
    maxItems: 100,
    items: closed({
      host: { type: "string", pattern: "^[a-z0-9*]([-a-z0-9.]*[a-z0-9])?$", maxLength: 253 },
      path: { type: "string", pattern: "^/", maxLength: 1024 },
      port: PORT,
    }),
  },
  replicas: REPLICAS,
  deployPolicy: { enum: ["Automatic", "Manual"] },
  // Checked by the API server, by the Kind's own schema.
  rollout: { type: "object" },
  triggers: TRIGGERS,
} as const;

const REQUEST_ID = { type: "string", pattern: "^[A-Za-z0-9._-]{1,63}$" } as const;
const FORCE = { type: "boolean" } as const;

export const DEPLOY = closed(
  {
    source: {
      ...closed({
        git: closed(
          {
            url: {
              type: "string",
              pattern: "^(https?|git|ssh|file)://|^[\\w.-]+@[\\w.-]+:",
              maxLength: 2048,
            },
            revision: { type: "string", pattern: "^[^-\\s][^\\s]*$", maxLength: 256 },
            path: { type: "string", pattern: "^(?!/)(?!.*\\.\\.).*$", maxLength: 1024 },
            secret: { type: "string", pattern: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", maxLength: 253 },
          },
          ["url"],
        ),
        bundle: closed(
          {
            digest: { type: "string", pattern: "^sha256:[0-9a-f]{64}$" },
            revision: { type: "string", pattern: "^[0-9a-f]{40}([0-9a-f]{24})?$" },
            ref: { type: "string", minLength: 1, maxLength: 255 },
          },
          ["digest"],
        ),
        image: closed({ reference: { type: "string", minLength: 1, maxLength: 1024, pattern: "^\\S+$" } }, [
          "reference",
        ]),
      }),
      minProperties: 1,
      maxProperties: 1,
    },
    ...SETTINGS,
    requestId: REQUEST_ID,
    force: FORCE,
  },
  ["source"],
);

/** Of an application without a source. */
export const CREATE_APPLICATION = closed(SETTINGS);

export const CANARY = closed({ action: { enum: ["promote", "abort"] }, all: { type: "boolean" } }, [
  "action",
]);
const RELEASE_NUMBER = { type: "integer", minimum: 1 } as const;
export const ROLLBACK = closed({ release: RELEASE_NUMBER, force: FORCE });
export const DIFF_QUERY = closed({ from: RELEASE_NUMBER, to: RELEASE_NUMBER });
export const PROMOTE = closed(
  {
    from: closed({ system: SYSTEM_NAME, app: APP_NAME, release: RELEASE_NUMBER }, ["app"]),
    requestId: REQUEST_ID,
    force: FORCE,
  },
  ["from"],
);
export const SCALE = closed({ replicas: REPLICAS }, ["replicas"]);
export const ENV = closed({
  set: {
    type: "object",
    maxProperties: 1000,
    propertyNames: { pattern: ENV_NAME, maxLength: 256 },
    additionalProperties: { type: "string", maxLength: 128 * 1024 },
  },
  secrets: {
    type: "object",
    maxProperties: 1000,
    propertyNames: { pattern: ENV_NAME, maxLength: 256 },
    additionalProperties: SECRET_KEY,
  },
  unset: { type: "array", maxItems: 1000, items: { type: "string", maxLength: 256 } },
  force: FORCE,
});

const SECRET_NAME = {
  type: "string",
  pattern: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
  maxLength: 253,
} as const;
export const SECRET_PARAMS = closed({ system: SYSTEM_NAME, secret: SECRET_NAME }, ["system", "secret"]);
export const SECRET = closed({
  set: {
    type: "object",
    maxProperties: 100,
    propertyNames: { pattern: "^[-._a-zA-Z0-9]+$", maxLength: 253 },
    additionalProperties: { type: "string", pattern: "^[A-Za-z0-9+/]*={0,2}$", maxLength: 1024 * 1024 },
  },
  unset: { type: "array", maxItems: 100, items: { type: "string", maxLength: 253 } },
});

/** Of a freeze window or a notice. */
const SETTING_NAME = { ...SYSTEM_NAME, maxLength: 40 } as const;
const TIME = { type: "string", format: "date-time", maxLength: 64 } as const;
export const FREEZE_PARAMS = closed({ system: SYSTEM_NAME, freeze: SETTING_NAME }, ["system", "freeze"]);
export const FREEZE = closed(
  {
    name: SETTING_NAME,
    from: TIME,
    to: TIME,
    days: { type: "array", maxItems: 7, minItems: 1, items: { enum: WEEKDAYS } },
    hours: {
      type: "string",
      pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
    },
    timeZone: { type: "string", minLength: 1, maxLength: 64 },
    reason: { type: "string", maxLength: 200 },
  },
  ["name"],
);
export const NOTICE_PARAMS = closed({ system: SYSTEM_NAME, notice: SETTING_NAME }, ["system", "notice"]);
export const NOTICE = closed(
  {
    name: SETTING_NAME,
    url: { type: "string", pattern: "^https?://[^\\s]+$", maxLength: 2048 },
    urlSecret: SECRET_KEY,
    events: { type: "array", minItems: 1, maxItems: 10, items: { enum: NOTICE_EVENTS } },
    secret: SECRET_KEY,
  },
  ["name"],
);

const BOOLEAN = { type: "boolean" } as const;
export const LOG_QUERY = closed({
  follow: BOOLEAN,
  tail: { type: "integer", minimum: -1, maximum: 1_000_000 },
  previous: BOOLEAN,
  sinceSeconds: { type: "integer", minimum: 1, maximum: 3_155_760_000 },
  untilSeconds: { type: "integer", minimum: 0, maximum: 3_155_760_000 },
  grep: { type: "string", minLength: 1, maxLength: 1000 },
  release: { type: "integer", minimum: 1 },
  pod: { type: "string", maxLength: 253 },
  container: { type: "string", maxLength: 63 },
});
export const METRICS_QUERY = closed({
  sinceSeconds: { type: "integer", minimum: 60, maximum: 31 * 24 * 3600 },
  stepSeconds: { type: "integer", minimum: 15, maximum: 24 * 3600 },
});
export const BUILD_LOG_QUERY = closed({ follow: BOOLEAN });
export const PROGRESS_QUERY = {
  ...closed({
    build: { type: "string", maxLength: 253 },
    release: { type: "integer", minimum: 1 },
    generation: { type: "integer", minimum: 0 },
    timeoutSeconds: { type: "integer", minimum: 1, maximum: 7200 },
  }),
} as const;

/** A name that the API server takes for a Webhook. */
const HOOK_NAME = { type: "string", pattern: "^[a-z]([-a-z0-9]*[a-z0-9])?$", maxLength: 62 } as const;
export const HOOK_PARAMS = closed({ system: SYSTEM_NAME, app: APP_NAME, hook: HOOK_NAME }, [
  "system",
  "app",
  "hook",
]);
export const CREATE_HOOK = closed({ name: HOOK_NAME, forge: { enum: FORGES }, triggers: TRIGGERS }, [
  "forge",
]);
export const REDELIVER = closed(
  { delivery: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]{0,139}$" } },
  ["delivery"],
);
export const PREVIEW_PARAMS = closed(
  { system: SYSTEM_NAME, app: APP_NAME, number: { type: "integer", minimum: 1 } },
  ["system", "app", "number"],
);
