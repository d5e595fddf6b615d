import type { Application, Build, Deployment, Ingress, Pod, Release } from "@jdos/api";
import type { Stored } from "@jdos/client";

/** What a progress stream follows: exactly one member decides, in this order. */
export interface ProgressTarget {
  build?: string;
  release?: number;
  /** The change that made this generation of the Application. */
  generation?: number;
}

/** The objects a progress is computed from, as they are at one moment. */
export interface ProgressWorld {
  application: Stored<Application>;
  builds: readonly Stored<Build>[];
  releases: readonly Stored<Release>[];
  deployment: Stored<Deployment> | undefined;
  pods: readonly Stored<Pod>[];
  ingress: Stored<Ingress> | undefined;
}
