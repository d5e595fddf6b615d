import type { Condition, DeepReadonly, ObjectMeta, ResourceType } from "@jdos/apimachinery";
import type { ApplicationBuild, ApplicationSource } from "./application.ts";
import { jdos } from "./group.ts";

/** One run from a source revision to an image digest, named <app>-b<N>. Of its spec `cancel` alone may change. */
export interface Build {
  apiVersion?: "jdos.io/v1";
  kind?: "Build";
  metadata?: ObjectMeta;
  spec: BuildSpec;
  status?: BuildStatus;
}

export interface BuildSpec {
  application: string;
  number: number;
  source: ApplicationSource;
  build?: ApplicationBuild;
  /** Who asked for it. */
  requestedBy?: string;
  /** Defaults to build.timeoutSeconds, else 1800. */
  timeoutSeconds?: number;
  /** Stops it, whatever it is at. Changes from false to true and never back. */
  cancel?: boolean;
  /** The Build whose source and settings it has. */
  retryOf?: string;
  /** What brought it about. Absent: a person's deploy. */
  trigger?: BuildTrigger;
}

export const BUILD_TRIGGERS = ["Deploy", "Push", "Webhook", "BaseImage", "Retry"] as const;

export interface BuildTrigger {
  kind: (typeof BUILD_TRIGGERS)[number];
  /** The branch or tag: main, v1.2. */
  ref?: string;
  /** The pull request that it is of. */
  pullRequest?: number;
  /** The Webhook that received it, and the delivery. */
  webhook?: string;
  delivery?: string;
}

/** The stages of a build in their order; `test` and `after` only where there are such steps of one's own. */
export const BUILD_STAGES = ["source", "test", "build", "push", "after"] as const;
export type BuildStageName = (typeof BUILD_STAGES)[number];

/** Whether a build goes through a stage. */
export function hasBuildStage(stage: BuildStageName, build: DeepReadonly<ApplicationBuild> = {}): boolean {
  if (stage === "test") return (build.steps?.before ?? []).length > 0;
  if (stage === "after") return (build.steps?.after ?? []).length > 0;
  return true;
}

export interface BuildStage {
  name: BuildStageName;
  state: "Running" | "Succeeded" | "Failed";
  startTime?: string;
  seconds?: number;
  /** What the stage found or why it failed, in a sentence. */
  message?: string;
}

export interface BuildStatus {
  observedGeneration?: number;
  /** Queued: others are built first. Succeeded, Failed and Cancelled are final. */
  phase?: "Queued" | "Pending" | "Running" | "Succeeded" | "Failed" | "Cancelled";
  /** Succeeded: True, False with the failing step, or Unknown while it runs. Attested: whether its image is signed. */
  conditions?: Condition[];
  stages?: BuildStage[];
  /** registry.jdos.internal/<system>/<app>@sha256:... */
  image?: string;
  /** The commit or bundle digest that was built. */
  revision?: string;
  /** "node: package.json with package-lock.json", "dockerfile: Dockerfile". */
  stack?: string;
  startTime?: string;
  completionTime?: string;
  /** The try that the Pod belongs to: a build whose Pod is lost begins again. Absent: the first. */
  attempt?: number;
  /** Queued to begin again, and not before this time. */
  notBefore?: string;
  /** The Pod that did it; its log is the build's log. */
  pod?: string;
  /** Digest of the artifact in the application's repository that keeps the log of an ended build. */
  log?: string;
  /** The images it was built from, the base first: what FROM and the stack named, by digest. */
  materials?: BuildMaterial[];
  /** What FROM named at other registries, as the user's own steps say it: it is no part of what is signed. */
  bases?: BuildMaterial[];
  /** Digest of the list of packages of the image: CycloneDX, JSON. */
  sbom?: string;
  /** Digest of the signed statement of how the image came about: SLSA provenance in a DSSE envelope. */
  provenance?: string;
  /** Digest of the artifact with the image's signature. */
  signature?: string;
}

export interface BuildMaterial {
  /** registry.jdos.internal/jdos/base:12 */
  image: string;
  digest: string;
  /** The mirror that gave it: registry.example.org/mirror/node:20. Absent: the registry of its name. */
  mirror?: string;
}

/** Whether nothing more becomes of a Build. */
export function isBuildEnded(build: { readonly status?: { readonly phase?: string } }): boolean {
  const phase = build.status?.phase;
  return phase === "Succeeded" || phase === "Failed" || phase === "Cancelled";
}

export const Builds: ResourceType<Build> = { ...jdos, resource: "builds", kind: "Build", namespaced: true };
