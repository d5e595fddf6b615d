import type { Application, Release, ReleaseOrigin, ReleaseView } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { conditionOf } from "../explain/facts.ts";

export function releaseView(release: Stored<Release>, application: Stored<Application>): ReleaseView {
  const { metadata, spec } = release;
  return {
    name: metadata.name,
    number: spec.number,
    image: spec.image,
    ...(spec.build === undefined ? {} : { build: spec.build }),
    ...(spec.rollbackTo === undefined ? {} : { rollbackTo: spec.rollbackTo }),
    ...(spec.insteadOf === undefined ? {} : { insteadOf: spec.insteadOf }),
    ...(spec.promotedFrom === undefined ? {} : { promotedFrom: spec.promotedFrom as ReleaseOrigin }),
    ...(spec.createdBy === undefined ? {} : { createdBy: spec.createdBy }),
    ...(spec.reason === undefined ? {} : { reason: spec.reason }),
    current: application.spec.release === spec.number,
    intact: conditionOf(release, "Intact")?.status !== "False",
    createdAt: metadata.creationTimestamp,
  };
}
