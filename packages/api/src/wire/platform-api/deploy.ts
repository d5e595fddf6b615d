import type { ApplicationSource, ApplicationSpec, RolloutStatus } from "../../jdos/application.ts";
import type { ApiError } from "./answers.ts";
import type { Explanation } from "./observe.ts";

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

/** Annotation of a Build: DeployRequest.requestId. */
export const REQUEST_ID_ANNOTATION = "jdos.io/request-id";
