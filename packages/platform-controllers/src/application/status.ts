import { type ApplicationStatus, sourceImageKey } from "@jdos/api";
import { formatSelector, setCondition } from "@jdos/apimachinery";
import { conditionsOf, type Observed, rolloutOf } from "./conditions.ts";
import { configurationHash } from "./plan.ts";
import { selectorOf } from "./render/subject.ts";

export interface StatusOptions {
  now: Date;
  latestRelease: number;
  /** Of the Release that serves now, by its number. */
  imageOf: (release: number) => string | undefined;
}

/** The whole status of an Application as it is now. */
export function applicationStatus(
  observed: Observed,
  { now, latestRelease, imageOf }: StatusOptions,
): ApplicationStatus {
  const { application, deployment, serving = deployment, latestBuild } = observed;
  const before = application.status;
  const generation = application.metadata.generation;
  const rollout = rolloutOf(observed);
  const currentRelease = rollout.complete ? application.spec.release : before?.currentRelease;
  const image = currentRelease === undefined ? undefined : (imageOf(currentRelease) ?? before?.image);
  let conditions = before?.conditions as ApplicationStatus["conditions"];
  for (const fact of conditionsOf(observed)) {
    conditions = setCondition(
      conditions,
      { ...fact, ...(generation === undefined ? {} : { observedGeneration: generation }) },
      now,
    );
  }
  const hasRelease = application.spec.release !== undefined;
  return {
    observedGeneration: generation,
    conditions,
    currentRelease,
    image,
    rollout: observed.rollout,
    spread: observed.spread,
    latestBuild: latestBuild?.metadata.name ?? before?.latestBuild,
    latestRelease: latestRelease === 0 ? undefined : latestRelease,
    ...(observed.waits === undefined || before?.configurationHash === undefined
      ? {
          configurationHash: hasRelease ? configurationHash(application.spec) : undefined,
          sourceImage: hasRelease ? sourceImageKey(application.spec.source?.image) : undefined,
        }
      : { configurationHash: before.configurationHash, sourceImage: before.sourceImage }),
    selector: formatSelector({ matchLabels: selectorOf(application.metadata.name) }),
    url: observed.url,
    replicas: deployment?.status?.replicas ?? 0,
    readyReplicas: serving?.status?.readyReplicas ?? 0,
    updatedReplicas: observed.changed ?? deployment?.status?.updatedReplicas ?? 0,
  };
}
