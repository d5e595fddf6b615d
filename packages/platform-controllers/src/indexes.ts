import {
  APPLICATION_LABEL,
  applicationOfLabel,
  BUILD_LABEL,
  Builds,
  Deployments,
  Ingresses,
  isBuildEnded,
  Jobs,
  Pods,
  Releases,
  Services,
  SPREAD_LABEL,
} from "@jdos/api";
import type { InformerFactory } from "@jdos/client";
import { isQueued } from "./build/queue/plan.ts";

/** Releases and Builds filed under "<system>/<application>". */
export const RELEASES_BY_APPLICATION = "application";
export const BUILDS_BY_APPLICATION = "application";
/** Builds filed under OPEN until they have ended, and under QUEUED while they wait for their turn. */
export const BUILDS_BY_STATE = "state";
export const OPEN = "open";
export const QUEUED = "queued";
/** Pods filed under "<system>/<application>". */
export const PODS_BY_APPLICATION = "application";
/** Pods by which nodes pull an image filed under "<system>/<application>". */
export const PULLS_BY_APPLICATION = "pulls";
/** Pods filed under "<system>/<build>". */
export const PODS_BY_BUILD = "build";

/** Must be called before the informers start. */
export function addIndexes(informers: InformerFactory): void {
  informers
    .for(Releases)
    .addIndex(RELEASES_BY_APPLICATION, ({ metadata, spec }) => [`${metadata.namespace}/${spec.application}`]);
  informers
    .for(Builds)
    .addIndex(BUILDS_BY_APPLICATION, ({ metadata, spec }) => [`${metadata.namespace}/${spec.application}`]);
  informers
    .for(Builds)
    .addIndex(BUILDS_BY_STATE, (build) =>
      isBuildEnded(build) ? [] : isQueued(build) ? [OPEN, QUEUED] : [OPEN],
    );
  informers
    .for(Pods)
    .addIndex(PODS_BY_APPLICATION, ({ metadata }) =>
      labelled(metadata, APPLICATION_LABEL).map(applicationOfLabel),
    );
  informers.for(Pods).addIndex(PULLS_BY_APPLICATION, ({ metadata }) => labelled(metadata, SPREAD_LABEL));
  informers.for(Pods).addIndex(PODS_BY_BUILD, ({ metadata }) => labelled(metadata, BUILD_LABEL));
}

function labelled(
  metadata: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> },
  label: string,
): string[] {
  const value = metadata.labels?.[label];
  return value === undefined ? [] : [`${metadata.namespace}/${value}`];
}

/** Kinds that an Application owns and is reconciled by. */
export const OWNED_BY_APPLICATION = [Deployments, Services, Ingresses, Builds, Releases] as const;
/** Kinds that a Build owns. */
export const OWNED_BY_BUILD = [Jobs] as const;
