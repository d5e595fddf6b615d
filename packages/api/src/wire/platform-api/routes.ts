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
  /** POST SourceParts, all of them -> 201 SourceUploaded; 409 SourceIncomplete while one has not been sent */
  source: `${application}/source`,
  /** POST SourceParts, some of them -> MissingParts */
  missingParts: `${application}/source/missing`,
  /** POST application/octet-stream, with content-encoding gzip or none -> 201 SourcePart */
  sourcePart: `${application}/source/parts/:digest`,
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
  /** GET -> ListOf<ImageView> of every application of a system */
  systemImages: `${system}/images`,
  /** GET -> ListOf<ImageView> */
  images: `${application}/images`,
  /** DELETE -> 202 ImageView; one that something needs is refused: Conflict */
  image: `${application}/images/:digest`,
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
  /** GET -> ListOf<ApplicationUsage> of every system the person may see */
  allUsage: "/api/v1/usage",
  /** GET -> ListOf<ApplicationUsage> */
  systemUsage: `${system}/usage`,
  /** GET -> ApplicationUsageDetail */
  usage: `${application}/usage`,
  /** GET MetricsQuery -> ApplicationMetrics */
  metrics: `${application}/metrics`,
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
