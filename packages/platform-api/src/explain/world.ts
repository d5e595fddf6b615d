import type { Application, Build, Deployment, Event, Pod, Release, ResourceQuota } from "@jdos/api";
import type { Stored } from "@jdos/client";

/** The last lines of one container; `previous`: of the instance before the present one. */
export interface ContainerLog {
  pod: string;
  container: string;
  previous: boolean;
  lines: readonly string[];
}

/** Everything explain() looks at. Lists may be empty; their order does not matter. */
export interface World {
  application: Stored<Application>;
  builds: readonly Stored<Build>[];
  releases: readonly Stored<Release>[];
  deployment: Stored<Deployment> | undefined;
  /** Pods of the application; not those of its builds. */
  pods: readonly Stored<Pod>[];
  /** Events of the namespace that concern the application, its Deployment, ReplicaSets and Pods. */
  events: readonly Stored<Event>[];
  quotas: readonly Stored<ResourceQuota>[];
  logs: readonly ContainerLog[];
  /** Images of this platform begin with it: "registry.jdos.internal/" */
  imagePrefix: string;
}
