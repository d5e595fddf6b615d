/**
 * The HTTP API for people, as packages/platform-api serves it and the command and the console speak it. Every
 * request but `/`, `/healthz` and `/registry/token` carries `Authorization: Bearer <token>`, or the same under PROOF_HEADER. Bodies are JSON;
 * streams are NDJSON, one of the event types below a line; empty lines keep the connection alive, and a StreamError is
 * the last line of one that failed on the way. Every refusal is an ApiError.
 */
import type { ApplicationSource, ApplicationSpec, RolloutStatus } from "../jdos/application.ts";
import type { BuildSpec, BuildStageName, BuildStatus } from "../jdos/build.ts";
import type { ReleaseOrigin } from "../jdos/release.ts";
import type { SystemSpec } from "../jdos/system.ts";
import type { ForgeName, WebhookDelivery } from "../jdos/webhook.ts";
import type { CanaryTraffic } from "./canary.ts";

export type * from "./releases.ts";

const system = "/api/v1/systems/:system";
const application = `${system}/apps/:app`;

/** Path of each route; `:name` is a percent-encoded segment. */
export const PLATFORM_ROUTES = {
  /** GET -> PlatformStatus */
  status: "/api/v1/status",
  /** GET -> ListOf<SystemView>; POST CreateSystemRequest -> 201 SystemView */
  systems: "/api/v1/systems",
  /** GET -> SystemView; DELETE -> 202 SystemView */
  system,
  /** GET -> ListOf<ApplicationView> of every system the person may see */
  allApplications: "/api/v1/apps",
  /** GET -> ListOf<ApplicationView> */
  applications: `${system}/apps`,
  /** GET -> ApplicationView; POST CreateApplicationRequest -> 201 ApplicationView; DELETE -> 202 ApplicationView */
  application,
  /** GET -> AccessView */
  access: `${application}/access`,
  /** POST application/gzip (a tar.gz) -> 201 SourceUploaded */
  source: `${application}/source`,
  /** POST DeployRequest -> 202 Accepted */
  deploy: `${application}/deploy`,
  /** GET ?build=NAME | ?release=N | ?generation=N -> stream of ProgressEvent, ends with `ready` or `failed` */
  progress: `${application}/progress`,
  /** GET -> ListOf<BuildView> */
  builds: `${application}/builds`,
  /** GET -> BuildView */
  build: `${application}/builds/:number`,
  /** GET ?follow -> stream of LogLine */
  buildLog: `${application}/builds/:number/log`,
  /** POST -> 202 BuildView; one that ended with another outcome is refused: Conflict */
  cancelBuild: `${application}/builds/:number/cancel`,
  /** POST -> 202 Accepted, whose `build` is the new one */
  retryBuild: `${application}/builds/:number/retry`,
  /** GET ?release=N -> ImageVerification of that release, else of the current one */
  verification: `${application}/verification`,
  /** GET -> SigningKeyView: what the platform's signatures are checked with */
  signingKey: "/api/v1/signing-key",
  /** GET -> ListOf<ReleaseView> */
  releases: `${application}/releases`,
  /** GET ?to=N&from=N -> ReleaseDiff; `to` defaults to the current one, `from` to the one before that */
  releasesDiff: `${application}/releases/diff`,
  /** POST PromoteRequest -> 202 Accepted: the image of another application's release becomes this one's */
  promote: `${application}/promote`,
  /** GET -> ListOf<SecretView> */
  secrets: `${system}/secrets`,
  /** PUT SecretRequest -> SecretView; DELETE -> 202 SecretView */
  secret: `${system}/secrets/:secret`,
  /** GET -> ListOf<FreezeView>; POST FreezeWindow -> 201 FreezeView */
  freezes: `${system}/freezes`,
  /** DELETE -> 202 FreezeView */
  freeze: `${system}/freezes/:freeze`,
  /** GET -> ListOf<NoticeView>; POST SystemNotice -> 201 NoticeView */
  notices: `${system}/notices`,
  /** DELETE -> 202 NoticeView */
  notice: `${system}/notices/:notice`,
  /** POST RollbackRequest -> 202 Accepted */
  rollback: `${application}/rollback`,
  /** GET -> CanaryView; POST CanaryRequest -> 202 Accepted */
  canary: `${application}/canary`,
  /** GET -> ListOf<PodView> */
  pods: `${application}/pods`,
  /** GET LogQuery -> stream of LogLine */
  logs: `${application}/logs`,
  /** GET ExecQuery with an upgrade to the WebSocket protocol v4.channel.k8s.io */
  exec: `${application}/exec`,
  /** PUT ScaleRequest -> 202 Accepted */
  scale: `${application}/scale`,
  /** GET -> EnvView; PATCH EnvRequest -> 202 Accepted */
  env: `${application}/env`,
  /** GET -> ListOf<EventView> */
  events: `${application}/events`,
  /** GET -> Explanation */
  why: `${application}/why`,
  /** GET -> ListOf<WebhookView>; POST CreateWebhookRequest -> 201 WebhookSecretView */
  hooks: `${application}/hooks`,
  /** GET -> WebhookView; DELETE -> 202 WebhookView */
  hook: `${application}/hooks/:hook`,
  /** POST -> WebhookSecretView: the secret before is worth nothing at once */
  rotateHook: `${application}/hooks/:hook/rotate`,
  /** POST RedeliverRequest -> 202 WebhookView */
  redeliver: `${application}/hooks/:hook/redeliver`,
  /** GET -> ListOf<PreviewView> */
  previews: `${application}/previews`,
  /** DELETE -> 202 PreviewView */
  preview: `${application}/previews/:number`,
  /** GET, the token protocol of container registries: ?service=&scope=&account= with Basic credentials */
  registryToken: "/registry/token",
} as const;

/**
 * A person's proof on the way through a proxy that reads Authorization for itself, like the API server's
 * services/proxy: `Bearer <token>`.
 */
export const PROOF_HEADER = "x-jdos-authorization";

/**
 * The query of an upgrade, without its question mark, for a proxy that drops it on the way: Kubernetes' services/proxy
 * does.
 */
export const QUERY_HEADER = "x-jdos-query";

export type PlatformRoute = keyof typeof PLATFORM_ROUTES;

/** Body of every answer of 400 and above. */
export interface ApiError {
  /** One word in CamelCase, for programs: NotFound, Invalid, AlreadyExists, TooLarge, Unauthorized ... */
  code: string;
  /** A sentence, for people. */
  message: string;
  /** What to do next. */
  hint?: string;
  /** Invalid only: the path of the field. */
  field?: string;
}

/** The last line of a stream that failed after it began. */
export interface StreamError {
  error: ApiError;
}

export interface ListOf<T> {
  items: T[];
}

export interface PlatformStatus {
  version: string;
  ready: boolean;
  /** Who the token belongs to. */
  person: string;
  node?: string;
  systems: number;
  applications: number;
  /** Port of application traffic; the host name says which application. */
  routesPort: number;
  kubernetesPort: number;
  registryPort: number;
  /** How full the registry is, where it is JDOS's own. Full: no deploy that builds is taken. */
  registry?: { usedBytes: number; limitBytes: number; state: "Ok" | "Full" };
}

export interface CreateSystemRequest extends Omit<SystemSpec, "freezeWindows" | "notices"> {
  name: string;
}

export interface SystemView {
  name: string;
  displayName?: string;
  department?: string;
  state: "Ready" | "NotReady" | "Deleting";
  message?: string;
  members: { name: string; role: string }[];
  quota?: SystemSpec["quota"];
  applications: number;
  createdAt: string;
}

export type ApplicationState =
  | "Ready"
  | "Deploying"
  | "Degraded"
  | "Failed"
  | "Stopped"
  | "Empty"
  | "Deleting";

export interface ApplicationView {
  system: string;
  name: string;
  state: ApplicationState;
  /** A sentence that says what is true now. */
  message?: string;
  url?: string;
  /** Where git pushes its source to; absent where the platform has no git server. */
  remote?: string;
  image?: string;
  /** The release that serves. */
  release?: number;
  latestBuild?: string;
  replicas: number;
  readyReplicas: number;
  updatedReplicas: number;
  createdAt: string;
  /** How the latest rollout with a strategy stands, or that a release was left. */
  rollout?: RolloutStatus;
  spec: ApplicationSpec;
}

/** An application that has no source yet: it is given one by the first deploy, push or webhook. */
export type CreateApplicationRequest = Omit<DeployRequest, "source" | "requestId" | "force">;

/** What the person may do with an application, whether it is there or not. */
export interface AccessView {
  system: string;
  application: string;
  exists: boolean;
  /** Of the application: another one of the same name has another. */
  uid?: string;
  /** Who asks. */
  person: string;
  /** May see it and fetch its repository. */
  read: boolean;
  /** May deploy it, and where it is missing, make it. */
  deploy: boolean;
  /** Why not, where `deploy` is false. */
  message?: string;
  triggers?: ApplicationSpec["triggers"];
}

/** The bundle to name in a DeployRequest. */
export interface SourceUploaded {
  /** sha256:..., the manifest of the OCI artifact. */
  digest: string;
  sizeBytes: number;
  seconds: number;
}

export interface DeployRequest {
  source: ApplicationSource;
  build?: ApplicationSpec["build"];
  /** Members that are given replace those the application has. */
  run?: ApplicationSpec["run"];
  routes?: ApplicationSpec["routes"];
  replicas?: number;
  /** Members that are given replace those the application has. */
  rollout?: ApplicationSpec["rollout"];
  deployPolicy?: ApplicationSpec["deployPolicy"];
  triggers?: ApplicationSpec["triggers"];
  /** Names this request: sent again with the same value it changes nothing. */
  requestId?: string;
  /** Goes before a freeze window, which owners may. */
  force?: boolean;
}

export interface RollbackRequest {
  /** The release to return to. Defaults to the one before the current. */
  release?: number;
  /** Goes before a freeze window, which owners may. */
  force?: boolean;
}

/** How a release is being tried. */
export interface CanaryView {
  system: string;
  application: string;
  /** The release that serves. */
  release?: number;
  /** Absent: none was tried yet. */
  rollout?: RolloutStatus;
  /** What the load balancer counted since the weight is what it is; absent where it cannot be known. */
  traffic?: CanaryTraffic;
}

export interface CanaryRequest {
  action: "promote" | "abort";
  /** promote: past all steps instead of the present one. */
  all?: boolean;
}

export interface ScaleRequest {
  replicas: number;
}

export interface EnvView {
  items: { name: string; value?: string; secret?: { name: string; key: string } }[];
}

export interface EnvRequest {
  set?: Record<string, string>;
  /** Variables that take their value from a key of a Secret of the system. */
  secrets?: Record<string, { name: string; key: string }>;
  unset?: string[];
  /** Goes before a freeze window, which owners may. */
  force?: boolean;
}

/** What was written; follow it with `progress` and the members given here as its query. */
export interface Accepted {
  system: string;
  application: string;
  /** metadata.generation of the Application as written. */
  generation: number;
  build?: string;
  release?: number;
  /** False: the request asked for what was there already. */
  changed: boolean;
}

/**
 * The stages of a deploy in their order. Those before `release` are absent where nothing is built, `test` and `after`
 * also where the build has no such steps.
 */
export const DEPLOY_STAGES = [
  "source",
  "test",
  "build",
  "push",
  "after",
  "release",
  "rollout",
  "ready",
] as const;
export type DeployStageName = (typeof DEPLOY_STAGES)[number];

/**
 * One line of the progress stream. A stream opened again repeats the stages as they are now, so a reader keeps the
 * last state of each stage.
 */
export type ProgressEvent =
  | {
      type: "stage";
      stage: DeployStageName;
      state: "started" | "done" | "failed" | "skipped";
      seconds?: number;
      message?: string;
    }
  | { type: "log"; line: string; pod?: string }
  | { type: "ready"; result: DeployResult }
  | { type: "failed"; error: ApiError; result: Partial<DeployResult>; explanation?: Explanation };

export interface DeployResult {
  system: string;
  application: string;
  release: number;
  build?: string;
  image: string;
  url: string;
  replicas: number;
  readyReplicas: number;
  /** The release waits to be promoted, and serves a share of the requests until then. */
  rollout?: RolloutStatus;
  /** By stage; `total` is from the Build's (or the change's) creation to ready. */
  seconds: Partial<Record<DeployStageName, number>> & { total: number };
}

export interface BuildView {
  name: string;
  number: number;
  phase: NonNullable<BuildStatus["phase"]>;
  /** The stage that runs, or that failed. */
  stage?: BuildStageName;
  message?: string;
  stack?: string;
  /** The commit, or the digest of a bundle that was made of none. */
  revision?: string;
  /** The branch or tag that led to the revision. */
  ref?: string;
  image?: string;
  requestedBy?: string;
  /** What brought it about. */
  trigger: NonNullable<BuildSpec["trigger"]>;
  /** The name of the Build that it does again. */
  retryOf?: string;
  /** Of its end: BuildSucceeded, TimedOut, Superseded ...; else where it stands. */
  reason?: string;
  startedAt?: string;
  seconds?: number;
  stages: { name: BuildStageName; state: string; seconds?: number; message?: string }[];
  createdAt: string;
}

export interface ReleaseView {
  name: string;
  number: number;
  image: string;
  build?: string;
  rollbackTo?: number;
  /** The release that was left for this one. */
  insteadOf?: number;
  /** The release of another application whose image it has. */
  promotedFrom?: ReleaseOrigin;
  createdBy?: string;
  reason?: string;
  /** True: what runs is rendered from it. */
  current: boolean;
  intact: boolean;
  createdAt: string;
}

export interface PodView {
  name: string;
  /** As kubectl prints it: Running, CrashLoopBackOff, Pending ... */
  status: string;
  ready: boolean;
  restarts: number;
  release?: number;
  node?: string;
  ip?: string;
  /** Why it is not ready, in a sentence. */
  message?: string;
  startedAt?: string;
  createdAt: string;
}

export interface LogQuery {
  follow?: boolean;
  /** Lines of each Pod. Defaults to 200; -1: all. */
  tail?: number;
  previous?: boolean;
  sinceSeconds?: number;
  /** One Pod instead of all. */
  pod?: string;
  container?: string;
}

export interface LogLine {
  pod: string;
  /** When the container wrote it, RFC 3339. */
  time?: string;
  line: string;
}

export interface ExecQuery {
  /** One word a member of argv. */
  command: string[];
  /** Defaults to a ready Pod. */
  pod?: string;
  container?: string;
  tty?: boolean;
  stdin?: boolean;
}

export interface EventView {
  time: string;
  type: "Normal" | "Warning";
  reason: string;
  /** "Pod/hello-5d8f-x2x4p" */
  object: string;
  message: string;
  count: number;
}

/** What `why` answers. */
export interface Explanation {
  /** One word in CamelCase for programs: Healthy, BuildFailed, ImagePullFailed, CrashLoop ... */
  situation: string;
  healthy: boolean;
  sentence: string;
  /** Facts it rests on: statuses, events, last log lines. */
  evidence: { from: string; text: string }[];
  nextStep: string;
}

export interface CreateWebhookRequest {
  /** Defaults to the application's. */
  name?: string;
  forge: ForgeName;
  /** Members that are given replace those the application has. */
  triggers?: ApplicationSpec["triggers"];
}

export interface WebhookView {
  name: string;
  application: string;
  forge: ForgeName;
  url: string;
  state: "Ready" | "NotReady" | "Pending";
  message?: string;
  secretVersion: number;
  /** The last 20, the newest first. */
  deliveries: WebhookDelivery[];
  /** Requests without a signature of this secret. */
  unsigned?: { count: number; lastTime: string };
  createdAt: string;
}

/** What is entered in the forge. The secret is shown this once. */
export interface WebhookSecretView extends WebhookView {
  secret: string;
  /** The same for what takes it as the Standard Webhooks specification has it: "whsec_...". */
  signingToken: string;
  contentType: "application/json";
  /** The events to tick, as the forge calls them. */
  events: string[];
}

export interface RedeliverRequest {
  /** Its id. */
  delivery: string;
}

export interface PreviewView {
  name: string;
  pullRequest: number;
  state: ApplicationState;
  message?: string;
  url: string;
  revision?: string;
  latestBuild?: string;
  changedAt: string;
  expiresAt: string;
}

/** Media types of a directory that travels through the registry as an OCI artifact. */
export const SOURCE_CONFIG_MEDIA_TYPE = "application/vnd.jdos.source.config.v1+json";
export const SOURCE_LAYER_MEDIA_TYPE = "application/vnd.jdos.source.v1.tar+gzip";

/** Media types of the kept log of a build: an OCI artifact of one layer in the application's repository. */
export const BUILD_LOG_CONFIG_MEDIA_TYPE = "application/vnd.jdos.build-log.config.v1+json";
export const BUILD_LOG_LAYER_MEDIA_TYPE = "application/vnd.jdos.build-log.v1+gzip";

/** The tag under which the log of a Build is kept. */
export function buildLogTag(build: string): string {
  return `log-${build}`;
}

export interface SigningKeyView {
  /** SHA-256 of the key, DER. */
  id: string;
  /** PEM. */
  publicKey: string;
}

/** One thing that was looked at, and what was found. */
export interface VerificationCheck {
  name: "image" | "signature" | "provenance" | "sbom";
  passed: boolean;
  /** A sentence. */
  message: string;
}

/** Who built a release's image from what, and whether all that is attached to it says so. */
export interface ImageVerification {
  system: string;
  application: string;
  release: number;
  image: string;
  /** Every check passed. */
  verified: boolean;
  checks: VerificationCheck[];
  /** SHA-256 of the key that they were checked with. */
  keyId: string;
  /** Out of the provenance, once its signature was found to be right. */
  provenance?: {
    builder: string;
    build?: string;
    requestedBy?: string;
    /** git+https://..., or the bundle. */
    source?: string;
    revision?: string;
    startedOn?: string;
    finishedOn?: string;
    /** The images it was built from, by digest. */
    materials: string[];
  };
  /** Of the list of packages. */
  packages?: number;
}

/** Annotation of a Build: DeployRequest.requestId. */
export const REQUEST_ID_ANNOTATION = "jdos.io/request-id";

/** Annotation of a Build: the person who cancelled it. */
export const CANCELLED_BY_ANNOTATION = "jdos.io/cancelled-by";
