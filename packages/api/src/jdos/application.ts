import type { Condition, ObjectMeta, ResourceType } from "@jdos/apimachinery";
import { jdos } from "./group.ts";

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
  /** Seconds without progress after which a rollout is reported as failed. Defaults to 600. */
  progressDeadlineSeconds?: number;
}

/** Exactly one member is set. */
export interface ApplicationSource {
  git?: { url: string; revision?: string; path?: string };
  /** A directory that the CLI uploaded: an OCI artifact in the registry, by digest. */
  bundle?: { digest: string };
  /** An image that is there already. */
  image?: { reference: string };
}

export interface ApplicationBuild {
  /** Path of the Dockerfile within the source. Defaults to Dockerfile when there is one. */
  dockerfile?: string;
  /** Forces a stack instead of looking at the source. */
  stack?: "node";
  args?: Record<string, string>;
  /** After this a build is stopped. Defaults to 1800. */
  timeoutSeconds?: number;
  /** Quantities that the user's steps may use at most. Memory defaults to the platform's setting, cpu to what is idle. */
  cpu?: string;
  memory?: string;
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
  /** Built, Released, Available, Progressing, Routed, Ready. */
  conditions?: Condition[];
  /** The Release whose Pods serve now. */
  currentRelease?: number;
  latestBuild?: string;
  /** The highest Release number ever given; numbers are never reused. */
  latestRelease?: number;
  /** Hash of the `run` and `routes` that the latest Release was made of. */
  configurationHash?: string;
  /** The image reference of the source that the latest Release was made of, where the source is an image. */
  sourceImage?: string;
  /** Label selector of the Pods, for the scale subresource. */
  selector?: string;
  image?: string;
  url?: string;
  replicas?: number;
  readyReplicas?: number;
  updatedReplicas?: number;
}

export const Applications: ResourceType<Application> = {
  ...jdos,
  resource: "applications",
  kind: "Application",
  namespaced: true,
};
