import { APPLICATION_LABEL, Applications, type Release, Releases } from "@jdos/api";
import { type Condition, type ObjectKey, setCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Watch } from "@jdos/controller-runtime";
import { writeStatus } from "../apply/write-status.ts";
import { RELEASES_BY_APPLICATION } from "../indexes.ts";
import { isIntact } from "./intact.ts";

/** Says on each Release whether it is as it was made, and whether it is what runs. */
export function releaseController(): ControllerOptions {
  return {
    name: "release",
    for: Releases,
    watches: [
      {
        type: Applications,
        keys: (application, informers) =>
          informers
            .for(Releases)
            .lister.byIndex(
              RELEASES_BY_APPLICATION,
              `${application.metadata.namespace}/${application.metadata.name}`,
            )
            .map(({ metadata }) => ({ namespace: metadata.namespace ?? "", name: metadata.name })),
      } satisfies Watch,
    ],
    reconcile: reconcileRelease,
  };
}

async function reconcileRelease(context: ReconcileContext, key: ObjectKey): Promise<undefined> {
  const release = context.informers.for(Releases).lister.get(key);
  if (release === undefined || release.metadata.deletionTimestamp !== undefined) return;
  const application = context.informers
    .for(Applications)
    .lister.get({ namespace: key.namespace, name: release.spec.application });
  const intact = intactFact(release);
  if (
    intact.status === "False" &&
    release.status?.conditions?.find(({ type }) => type === "Intact")?.status !== "False"
  ) {
    context.events.event(release, "Warning", "ReleaseTampered", intact.message ?? "");
  }
  const deployed = application?.status?.currentRelease === release.spec.number;
  const facts: Condition[] = [
    intact,
    deployed
      ? { type: "Deployed", status: "True", reason: "Serving", message: "Its Pods serve" }
      : {
          type: "Deployed",
          status: "False",
          reason: "NotServing",
          message: leftFor(context, release) ?? notServing(release, application?.spec.release),
        },
  ];
  let conditions = release.status?.conditions as Condition[] | undefined;
  for (const fact of facts) conditions = setCondition(conditions, fact, context.now());
  const deployedTime = release.status?.deployedTime ?? (deployed ? context.now().toISOString() : undefined);
  await writeStatus(context.client, Releases, release, {
    ...(deployedTime === undefined ? {} : { deployedTime }),
    ...(conditions === undefined ? {} : { conditions }),
  });
}

function intactFact(release: Stored<Release>): Condition {
  return isIntact(release)
    ? { type: "Intact", status: "True", reason: "HashMatches", message: "It is as it was made" }
    : {
        type: "Intact",
        status: "False",
        reason: "HashDiffers",
        message: `Release ${release.metadata.name} was changed after it was made and is not deployed`,
      };
}

/** It was left, and another one made in its stead. */
function leftFor({ informers }: ReconcileContext, { metadata, spec }: Stored<Release>): string | undefined {
  const instead = informers
    .for(Releases)
    .lister.byIndex(RELEASES_BY_APPLICATION, `${metadata.namespace}/${spec.application}`)
    .find((other) => other.spec.insteadOf === spec.number);
  return instead && `Release v${instead.spec.number} took its place: ${instead.spec.reason ?? "it was left"}`;
}

function notServing(release: Stored<Release>, wanted: number | undefined): string {
  if (wanted === release.spec.number) return "It is being rolled out";
  return wanted === undefined
    ? `No Release of ${release.metadata.labels?.[APPLICATION_LABEL] ?? release.spec.application} is current`
    : `Release v${wanted} is current`;
}
