import type { BuildSpec, BuildStageName, BuildStatus } from "../../jdos/build.ts";

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

/** Media types of the kept log of a build: an OCI artifact of one layer in the application's repository. */
export const BUILD_LOG_CONFIG_MEDIA_TYPE = "application/vnd.jdos.build-log.config.v1+json";
export const BUILD_LOG_LAYER_MEDIA_TYPE = "application/vnd.jdos.build-log.v1+gzip";

/** The tag under which the log of a Build is kept. */
export function buildLogTag(build: string): string {
  return `log-${build}`;
}

/** Annotation of a Build: the person who cancelled it. */
export const CANCELLED_BY_ANNOTATION = "jdos.io/cancelled-by";
