import {
  type Application,
  type Build,
  isBuildEnded,
  NOTICED_ANNOTATION,
  type NoticeBody,
  type NoticeEvent,
  type Release,
} from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/** Something that ended, and that is told of. */
export interface Happening {
  readonly event: NoticeEvent;
  readonly time: string;
  readonly about: { kind: "Build"; object: Stored<Build> } | { kind: "Release"; object: Stored<Release> };
}

/** All that happened to these, the earliest first; of one second always in the same order, builds before releases. */
export function happeningsOf(
  builds: readonly Stored<Build>[],
  releases: readonly Stored<Release>[],
): Happening[] {
  return [...builds.flatMap(ofBuild), ...releases.flatMap(ofRelease)].sort(
    (a, b) =>
      Date.parse(a.time) - Date.parse(b.time) ||
      Number(a.about.kind === "Release") - Number(b.about.kind === "Release") ||
      a.about.object.spec.number - b.about.object.spec.number ||
      (idOf(a) < idOf(b) ? -1 : 1),
  );
}

export function idOf({ event, about }: Happening): string {
  return `${about.object.metadata.uid}/${event}`;
}

/** Which notices were told of what, "<notice>/<event>". */
export function noticed({
  metadata,
}: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}): string[] {
  const said = metadata.annotations?.[NOTICED_ANNOTATION] ?? "";
  return said.split(",").filter((each) => each !== "");
}

export function bodyOf(happening: Happening, application: Stored<Application> | undefined): NoticeBody {
  const { event, time, about } = happening;
  const { metadata, spec } = about.object;
  const system = metadata.namespace ?? "";
  const url = application?.status?.url;
  return {
    ...{ event, id: idOf(happening), time, system, application: spec.application },
    ...(about.kind === "Build" ? { build: buildOf(about.object) } : { release: releaseOf(about.object) }),
    ...(url === undefined || event !== "release.deployed" ? {} : { url }),
    text: `${system}/${spec.application}: ${textOf(happening)}`,
  };
}

function ofBuild(object: Stored<Build>): Happening[] {
  if (!isBuildEnded(object)) return [];
  const phase = object.status?.phase;
  const event =
    phase === "Succeeded" ? "build.succeeded" : phase === "Failed" ? "build.failed" : "build.cancelled";
  const ended = findCondition(object.status?.conditions, "Succeeded")?.lastTransitionTime;
  const time = object.status?.completionTime ?? ended ?? object.metadata.creationTimestamp;
  return [{ event, time, about: { kind: "Build", object } }];
}

function ofRelease(object: Stored<Release>): Happening[] {
  const about = { kind: "Release", object } as const;
  const { deployedTime } = object.status ?? {};
  // Of the Release that returns to an earlier one: the one that was left may be gone.
  const left: Happening[] =
    object.spec.insteadOf === undefined
      ? []
      : [{ event: "release.left", time: object.metadata.creationTimestamp, about }];
  return deployedTime === undefined
    ? left
    : [...left, { event: "release.deployed", time: deployedTime, about }];
}

function buildOf({ metadata, spec, status }: Stored<Build>): NonNullable<NoticeBody["build"]> {
  return {
    ...{ name: metadata.name, number: spec.number, phase: status?.phase ?? "" },
    ...(status?.image === undefined ? {} : { image: status.image }),
    ...(status?.revision === undefined ? {} : { revision: status.revision }),
    ...(spec.requestedBy === undefined ? {} : { requestedBy: spec.requestedBy }),
  };
}

function releaseOf({ metadata, spec }: Stored<Release>): NonNullable<NoticeBody["release"]> {
  return {
    ...{ name: metadata.name, number: spec.number, image: spec.image },
    ...(spec.reason === undefined ? {} : { reason: spec.reason }),
    ...(spec.createdBy === undefined ? {} : { createdBy: spec.createdBy }),
  };
}

function textOf({ event, about }: Happening): string {
  if (about.kind === "Build") {
    const { spec, status } = about.object;
    const why =
      findCondition(status?.conditions, "Succeeded")?.message?.split("\n")[0] ?? "no reason was given";
    const verb =
      { "build.succeeded": "succeeded", "build.failed": "failed" }[event as string] ?? "was cancelled";
    return `build ${spec.number} ${verb}${event === "build.succeeded" ? "" : `: ${why}`}`;
  }
  const { number, reason, insteadOf, createdBy } = about.object.spec;
  if (event === "release.left") return `release ${insteadOf} was left: ${reason ?? "no reason was given"}`;
  const by = createdBy === undefined ? "" : `, by ${createdBy}`;
  return `release ${number} serves: ${reason ?? "no reason was given"}${by}`;
}
