import type { Condition, ObjectMeta, ResourceType } from "@jdos/apimachinery";
import type { ApplicationBuild, ApplicationSource } from "./application.ts";
import { jdos } from "./group.ts";

/** One run from a source revision to an image digest, named <app>-b<N>. Its spec never changes. */
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
  /** Defaults to 1800. */
  timeoutSeconds?: number;
}

/** The stages of a build in their order. */
export const BUILD_STAGES = ["source", "build", "push"] as const;
export type BuildStageName = (typeof BUILD_STAGES)[number];

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
  phase?: "Pending" | "Running" | "Succeeded" | "Failed";
  /** Succeeded: True, False with the failing step, or Unknown while it runs. */
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
  /** The Pod that did it; its log is the build's log. */
  pod?: string;
}

export const Builds: ResourceType<Build> = { ...jdos, resource: "builds", kind: "Build", namespaced: true };
