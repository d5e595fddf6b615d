import {
  type Application,
  type ApplicationState,
  type ApplicationView,
  BASE_IMAGE_CONDITION,
  type RolloutStatus,
} from "@jdos/api";
import type { Mutable } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { conditionOf } from "../explain/facts.ts";
import type { RouteNames } from "../options.ts";

export interface UrlOptions {
  routes: Pick<RouteNames, "domain" | "port" | "gitUrl">;
}

export function applicationView(application: Stored<Application>, options: UrlOptions): ApplicationView {
  const { metadata, spec, status } = application;
  const message = conditionOf(application, "Ready")?.message;
  const release = status?.currentRelease;
  const newerBase = newerBaseOf(application);
  const { gitUrl } = options.routes;
  return {
    system: metadata.namespace ?? "",
    name: metadata.name,
    state: stateOf(application),
    ...(message === undefined ? {} : { message }),
    url: urlOf(application, options),
    ...(gitUrl === undefined ? {} : { remote: `${gitUrl}/${metadata.namespace}/${metadata.name}.git` }),
    ...(status?.image === undefined ? {} : { image: status.image }),
    ...(release === undefined ? {} : { release }),
    ...(status?.latestBuild === undefined ? {} : { latestBuild: status.latestBuild }),
    replicas: spec.replicas ?? 1,
    readyReplicas: status?.readyReplicas ?? 0,
    updatedReplicas: status?.updatedReplicas ?? 0,
    createdAt: metadata.creationTimestamp,
    ...(status?.rollout === undefined ? {} : { rollout: status.rollout as RolloutStatus }),
    ...(newerBase === undefined ? {} : { newerBase }),
    spec: spec as Mutable<typeof spec>,
  };
}

/** The application's own address: what the controllers say, else the host name they give by default. */
export function urlOf({ metadata, spec, status }: Stored<Application>, { routes }: UrlOptions): string {
  if (status?.url !== undefined) return status.url;
  const route = spec.routes?.[0];
  const host = route?.host ?? `${metadata.name}.${metadata.namespace}.${routes.domain}`;
  return `http://${host}:${routes.port}${route?.path ?? "/"}`.replace(/\/$/, "");
}

/** What is said of a base that is newer than the one it was built on. */
export function newerBaseOf(application: Stored<Application>): string | undefined {
  const condition = conditionOf(application, BASE_IMAGE_CONDITION);
  return condition?.status === "False" ? condition.message : undefined;
}

function stateOf(application: Stored<Application>): ApplicationState {
  const { metadata, spec, status } = application;
  if (metadata.deletionTimestamp !== undefined) return "Deleting";
  if ((spec.replicas ?? 1) === 0) return "Stopped";
  const ready = conditionOf(application, "Ready");
  if (ready?.status === "True" && status?.observedGeneration === metadata.generation) return "Ready";
  const built = conditionOf(application, "Built");
  if (built?.status === "False" && built.reason !== "NoBuild" && status?.currentRelease === undefined)
    return "Failed";
  if (spec.release === undefined && status?.latestBuild === undefined && spec.source?.image === undefined)
    return "Empty";
  // A first build that waits for its turn, or goes on: there is nothing yet that could fail.
  if (built?.status === "Unknown" && status?.currentRelease === undefined) return "Deploying";
  const progressing = conditionOf(application, "Progressing");
  if (progressing?.status === "False") return (status?.readyReplicas ?? 0) > 0 ? "Degraded" : "Failed";
  return "Deploying";
}
