import type { Condition, ObjectMeta, ResourceType } from "@jdos/apimachinery";
import type { ApplicationRoute, ApplicationRun } from "./application.ts";
import { jdos } from "./group.ts";

/** An immutable record of what can run: an image digest and the whole run configuration. Named <app>-v<N>. */
export interface Release {
  apiVersion?: "jdos.io/v1";
  kind?: "Release";
  metadata?: ObjectMeta;
  spec: ReleaseSpec;
  status?: ReleaseStatus;
}

export interface ReleaseSpec {
  application: string;
  number: number;
  /** By digest. */
  image: string;
  run: ApplicationRun;
  routes?: ApplicationRoute[];
  /** The Build that made the image, if one did. */
  build?: string;
  /** For a rollback: the number of the Release it returns to. */
  rollbackTo?: number;
  /** The Release that was left, in whose stead this one returns to an earlier one: it did not become ready, or was aborted. */
  insteadOf?: number;
  /**
   * The Release whose Pods this one keeps, because nothing they are made of differs (only routes changed).
   * Absent: the Pods are its own.
   */
  podsOf?: number;
  /** The Release of another application whose image this one has. */
  promotedFrom?: ReleaseOrigin;
  createdBy?: string;
  /** "build hello-b3", "push 1a2b3c4 main", "configuration changed", "rollback to v2", "promoted from test/hello v3". */
  reason?: string;
  /** sha256 over the canonical JSON of the spec without this member. */
  hash: string;
}

export interface ReleaseOrigin {
  system: string;
  application: string;
  release: number;
}

export interface ReleaseStatus {
  /** When it first served. */
  deployedTime?: string;
  /** Intact: False when the spec no longer matches its hash. Deployed: True while it is what runs. */
  conditions?: Condition[];
}

export const Releases: ResourceType<Release> = {
  ...jdos,
  resource: "releases",
  kind: "Release",
  namespaced: true,
};
