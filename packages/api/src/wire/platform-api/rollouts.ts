import type { RolloutStatus } from "../../jdos/application.ts";
import type { ReleaseOrigin } from "../../jdos/release.ts";
import type { CanaryTraffic } from "../canary.ts";

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
