import type { Condition, ObjectMeta, ResourceType } from "@jdos/apimachinery";
import { jdos } from "./group.ts";
import type { ReleaseOrigin } from "./release.ts";

/** Several Pods that provide one service; lives in its system's Namespace. */
export interface Application {
  apiVersion?: "jdos.io/v1";
  kind?: "Application";
  metadata?: ObjectMeta;
  spec: ApplicationSpec;
  status?: ApplicationStatus;
}

export interface ApplicationSpec {
  /** Defaults to service, the only kind served so far. */
  kind?: "service";
  source?: ApplicationSource;
  /** Which pushes deploy it, by a webhook or by git push. */
  triggers?: ApplicationTriggers;
  build?: ApplicationBuild;
  run?: ApplicationRun;
  /** Host names and paths under which the application answers. */
  routes?: ApplicationRoute[];
  /** Running Pods. Not part of a Release. Defaults to 1. */
  replicas?: number;
  /** Automatic makes each successful build current. Defaults to Automatic. */
  deployPolicy?: "Automatic" | "Manual";
  /** The number of the Release that what runs is rendered from. */
  release?: number;
  /**
   * Asks for a rollback: the controller writes a new Release with the image and the configuration of this one,
   * takes that configuration over into `run` and `routes`, makes it current and clears the member.
   */
  rollbackTo?: number;
  rollout?: ApplicationRollout;
  /** Releases and Builds kept besides those in use. Defaults to 10. */
  historyLimit?: number;
}

export interface ApplicationRollout {
  /** How a new Release takes the place of the one that serves. Defaults to Rolling. */
  strategy?: RolloutStrategy;
  canary?: CanaryRollout;
  blueGreen?: BlueGreenRollout;
  /**
   * Whether a Release that does not become ready within progressDeadlineSeconds, crash-loops, or answers with too many
   * errors as a canary is left: a new Release returns to the last good one. Defaults to true.
   */
  autoRollback?: boolean;
  /** Seconds without progress after which a rollout is reported as failed. Defaults to 600. */
  progressDeadlineSeconds?: number;
}

export type RolloutStrategy = "Rolling" | "Canary" | "BlueGreen" | "InPlace";

export interface CanaryRollout {
  /** In their order. Defaults to DEFAULT_CANARY_STEPS. */
  steps?: CanaryStep[];
  /** By how many percentage points the canary's share of 5xx answers may exceed that of the stable Release. Defaults to 5. */
  maxErrorPercent?: number;
}

export interface CanaryStep {
  /** Percent of the requests that the new Release takes. */
  weight: number;
  /** How long the step lasts. Left out, it waits for `jdos canary promote`. */
  pauseSeconds?: number;
}

export interface BlueGreenRollout {
  /** Waits for `jdos canary promote` when the new Release is ready, before all requests go to it. Defaults to false. */
  hold?: boolean;
  /** How long the old Pods are kept after the switch, for a quick return. Defaults to 30. */
  keepSeconds?: number;
}

export const DEFAULT_CANARY_STEPS: readonly Readonly<CanaryStep>[] = [
  { weight: 10, pauseSeconds: 60 },
  { weight: 50, pauseSeconds: 60 },
];
export const DEFAULT_MAX_ERROR_PERCENT = 5;
export const DEFAULT_KEEP_SECONDS = 30;

/** What of a repository is deployed by itself: at a push, or when a forge tells of one. */
export interface ApplicationTriggers {
  /**
   * Patterns of branches: "*" stands for any text without "/", "**" for any text. Defaults to what
   * source.git.revision names, else main and master.
   */
  branches?: string[];
  /** The same of tags. Defaults to none. */
  tags?: string[];
  /** The folder of the repository that the application is made of. Defaults to its root. */
  path?: string;
  /** Present: each pull request runs as an Application of its own, <application>-pr-<number>. */
  previews?: ApplicationPreviews;
}

export interface ApplicationPreviews {
  /** Hours after its last change in which a preview ends. Defaults to 168. */
  expireAfterHours?: number;
  /** Previews at once. Defaults to 10. */
  limit?: number;
  /** Also of pull requests out of other repositories, whose code would run with this application's settings. */
  forks?: boolean;
}

/** Exactly one member is set. */
export interface ApplicationSource {
  git?: {
    url: string;
    revision?: string;
    path?: string;
    /**
     * A Secret in the system's Namespace that the repository is read with: `password` (a token will do) and optionally
     * `username` for https and http, `ssh-privatekey` and optionally `known_hosts` for ssh. No step of a build sees it.
     */
    secret?: string;
  };
  /** A directory that the CLI uploaded: an OCI artifact in the registry, by digest. */
  bundle?: {
    digest: string;
    /** The commit that it was made of, where it was one. */
    revision?: string;
    /** The branch or tag that led to it. */
    ref?: string;
  };
  /** An image that is there already. */
  image?: {
    reference: string;
    /** The Release of another application that it was promoted from. */
    promotedFrom?: ReleaseOrigin;
    /** Names the request: the same image asked for once more makes a Release once more. */
    request?: string;
  };
}

/** What a source may be, in the order in which it is looked at. */
export const STACKS = [
  "dockerfile",
  "node",
  "python",
  "ruby",
  "php",
  "go",
  "java",
  "static",
  "procfile",
] as const;
export type Stack = (typeof STACKS)[number];

/** What tells one image source from another: its reference, with the name of the request where it has one. */
export function sourceImageKey(
  image: { readonly reference: string; readonly request?: string } | undefined,
): string | undefined {
  return image?.request === undefined ? image?.reference : `${image.reference}#${image.request}`;
}

export interface ApplicationBuild {
  /** Path of the Dockerfile within the source. Defaults to Dockerfile when there is one. */
  dockerfile?: string;
  /** Forces a stack instead of looking at the source. */
  stack?: Stack;
  args?: Record<string, string>;
  /** After this a build is stopped. Defaults to 1800. */
  timeoutSeconds?: number;
  /** Quantities that the user's steps may use at most. Memory defaults to the platform's setting, cpu to what is idle. */
  cpu?: string;
  memory?: string;
  /** For steps of a Dockerfile that ask for them: RUN --mount=type=secret,id=<name>. They stay out of image, log and cache. */
  secrets?: BuildSecret[];
  /** Makes one layer of all that the build put over its base. Defaults to false. */
  squash?: boolean;
  /** What becomes of it when the image that it is built on is newer. Defaults to what its System says. */
  rebuild?: RebuildPolicy;
  /** Commands of one's own, one after the other; the first that fails ends the build, and no release comes of it. */
  steps?: BuildSteps;
}

/** Never: nobody looks. Offer: it is said, and people build. Automatic: it is built again, from the same source. */
export const REBUILD_POLICIES = ["Never", "Offer", "Automatic"] as const;
export type RebuildPolicy = (typeof REBUILD_POLICIES)[number];

/** Condition of an Application: False while an image that it was built on is newer; else it is not there. */
export const BASE_IMAGE_CONDITION = "BaseImageCurrent";

export interface BuildSteps {
  /** Before the image is made: tests, checks. What they write is in no image. */
  before?: BuildStep[];
  /** When the image is pushed: scans, notices. They cannot change it. */
  after?: BuildStep[];
}

/**
 * Runs in a copy of the source, for a node application with its dependencies installed, as a user who is not root and
 * with the programs of the platform's build image.
 */
export interface BuildStep {
  name: string;
  /** For /bin/sh: "npm test". */
  run: string;
}

export interface BuildSecret {
  /** The id that steps ask for. */
  name: string;
  /** A key of a Secret in the system's Namespace. */
  secret: { name: string; key: string };
}

export interface ApplicationRun {
  /** Replaces the image's command. */
  command?: string[];
  args?: string[];
  env?: ApplicationEnv[];
  /** The first port receives the routes' traffic. Defaults to 8080, also told to the application as PORT. */
  ports?: { name?: string; port: number; protocol?: "TCP" | "UDP" }[];
  /** Quantities: requested and limit are the same for memory; cpu is requested. */
  cpu?: string;
  memory?: string;
  health?: ApplicationHealth;
  /** Seconds a Pod has to finish its requests. Defaults to 30. */
  terminationGracePeriodSeconds?: number;
}

export interface ApplicationEnv {
  name: string;
  value?: string;
  /** A key of a Secret in the system's Namespace. */
  secret?: { name: string; key: string };
}

export interface ApplicationHealth {
  /** HTTP path asked for readiness; without it readiness is that the first port accepts a connection. */
  path?: string;
  port?: number;
  initialDelaySeconds?: number;
  periodSeconds?: number;
}

export interface ApplicationRoute {
  /** Defaults to <application>.<system>.jdos.localhost. */
  host?: string;
  /** Prefix. Defaults to "/". */
  path?: string;
  /** Defaults to the first port. */
  port?: number;
}

export interface ApplicationStatus {
  observedGeneration?: number;
  /** Built, Released, Available, Progressing, Routed, Ready; BaseImageCurrent. */
  conditions?: Condition[];
  /** The Release whose Pods serve now. */
  currentRelease?: number;
  /** How the latest rollout with a strategy stands, or that a Release was left. */
  rollout?: RolloutStatus;
  /** While nodes pull an image before Pods of it are made. */
  spread?: ImageSpread;
  latestBuild?: string;
  /** The highest Release number ever given; numbers are never reused. */
  latestRelease?: number;
  /** Hash of the `run` and `routes` that the latest Release was made of. */
  configurationHash?: string;
  /** The image of the source that the latest Release was made of, where the source is an image: see sourceImageKey(). */
  sourceImage?: string;
  /** Label selector of the Pods, for the scale subresource. */
  selector?: string;
  image?: string;
  url?: string;
  replicas?: number;
  readyReplicas?: number;
  updatedReplicas?: number;
}

export interface ImageSpread {
  image: string;
  /** When Pods began to be held back. */
  since: string;
  /** How many nodes were to pull it, as it was seen last. */
  wanted: number;
  /** The nodes that have. */
  nodes?: string[];
  /** The nodes that could not: they are not waited for. */
  failed?: string[];
  /** A sentence. */
  message?: string;
}

export interface RolloutStatus {
  phase: RolloutPhase;
  strategy: RolloutStrategy;
  /** The Release that is rolled out. */
  release: number;
  /** The Release that served before, and does until this one is promoted. */
  from?: number;
  /** Of a canary: the step it is at, from 1 on, and how many there are. */
  step?: number;
  steps?: number;
  /** Percent of the requests that the new Release takes. */
  weight: number;
  /** When the phase began. */
  since: string;
  /** A sentence. */
  message?: string;
}

/**
 * Starting: Pods of the new Release come up, or are about to be changed in place. Progressing: it takes its share of the
 * requests for a while, or Pod after Pod becomes its. Paused: it waits for `jdos canary promote`. Promoting: the
 * application's own Pods become the new Release's. Finishing: all requests go back to those, then the Pods beside them go.
 * Complete. Aborted: it was left.
 */
export type RolloutPhase =
  | "Starting"
  | "Progressing"
  | "Paused"
  | "Promoting"
  | "Finishing"
  | "Complete"
  | "Aborted";

export const Applications: ResourceType<Application> = {
  ...jdos,
  resource: "applications",
  kind: "Application",
  namespaced: true,
};
