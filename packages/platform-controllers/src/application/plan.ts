import {
  type Application,
  type Build,
  FORCED_BY_ANNOTATION,
  LEFT_AT_GENERATION_ANNOTATION,
  type Release,
  type ReleaseSpec,
  sourceImageKey,
} from "@jdos/api";
import { changeAuthor, forcedBy } from "@jdos/api/change-author";
import type { Freeze } from "@jdos/api/freeze";
import { hashOf } from "@jdos/api/release-hash";
import { type DeepReadonly, deepEqual, type Persisted } from "@jdos/apimachinery";
import { isIntact } from "../release/intact.ts";

type StoredApplication = DeepReadonly<Persisted<Application>>;
type StoredRelease = DeepReadonly<Persisted<Release>>;
type StoredBuild = DeepReadonly<Persisted<Build>>;

/** Says on a Build which Release was made of it, so that none is made twice. */
export const RELEASED_LABEL = "jdos.io/released-as";
/** Says on a Release which source image it was made of. */
export const SOURCE_IMAGE_ANNOTATION = "jdos.io/source-image";

const MAX_REASON = 300;

export interface World {
  readonly application: StoredApplication;
  /** In any order. */
  readonly releases: readonly StoredRelease[];
  readonly builds: readonly StoredBuild[];
  /** The freeze of its system that is on: what nobody forces waits for its end. */
  readonly freeze?: Freeze;
}

/** One step towards the Release that is wanted. Each may be taken again without harm. */
export interface Step {
  /** A Release to be made, or the one that an earlier run made. */
  readonly release:
    | { readonly existing: number }
    | {
        readonly create: Omit<ReleaseSpec, "hash">;
        readonly annotations?: Readonly<Record<string, string>>;
      };
  readonly makeCurrent: boolean;
  /** The image is one that somebody named: its Release has what it stands for now. */
  readonly pin?: boolean;
  /** The Build to mark as released. */
  readonly build?: string;
  /** The configuration to take over into the Application: a rollback. */
  readonly configuration?: Pick<DeepReadonly<ReleaseSpec>, "run" | "routes">;
  /** Where the source is an image: the one it is from now on, so that what was left can be asked for again. */
  readonly sourceImage?: string;
}

/** The next step, or undefined when the Application has the Release it asks for. */
export function planRelease(world: World): Step | undefined {
  // What an Application asks for by itself waits in a freeze; that a bad Release is left does not.
  const isHeld =
    world.freeze !== undefined && forcedBy(world.application as DeepReadonly<Application>) === undefined;
  const asked = isHeld ? [] : [planImage, planConfiguration];
  const plans = [...(isHeld ? [] : [planRollback]), planUnfinishedReturn, planBuild, ...asked];
  for (const plan of plans) {
    const step = plan(world);
    if (step !== undefined) return step;
  }
  return undefined;
}

/** The step that waits for the end of a freeze; undefined: none does. */
export function heldStep({ freeze, ...world }: World): Step | undefined {
  return freeze === undefined ? undefined : planRelease(world);
}

/**
 * The step that leaves the current Release, for `why`: a new one with all that the one that served before has, whose
 * Pods it keeps.
 */
export function planReturn(world: World, { target, why }: { target: StoredRelease; why: string }): Step {
  const { application } = world;
  const left = application.spec.release ?? 0;
  const { run, routes, image, build, number, podsOf } = target.spec;
  const reason = `back to v${number}, for v${left} was left: ${why}`;
  return {
    release: {
      create: {
        application: application.metadata.name,
        number: nextNumber(world),
        image,
        run: run as ReleaseSpec["run"],
        ...(routes === undefined ? {} : { routes: routes as NonNullable<ReleaseSpec["routes"]> }),
        ...(build === undefined ? {} : { build }),
        rollbackTo: number,
        insteadOf: left,
        podsOf: podsOf ?? number,
        reason: reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON - 3)}...` : reason,
      },
      annotations: {
        [LEFT_AT_GENERATION_ANNOTATION]: String(application.metadata.generation ?? 0),
        [SOURCE_IMAGE_ANNOTATION]: sourceImageOf(target),
      },
    },
    makeCurrent: true,
    configuration: { run, ...(routes === undefined ? {} : { routes }) },
    sourceImage: sourceImageOf(target),
  };
}

function sourceImageOf({ metadata, spec }: StoredRelease): string {
  return metadata.annotations?.[SOURCE_IMAGE_ANNOTATION] ?? spec.image;
}

/** Made by a run that was killed before the Application was written. */
function planUnfinishedReturn({ application, releases }: World): Step | undefined {
  const newest = newestOf(releases);
  if (newest?.spec.insteadOf === undefined || newest.spec.insteadOf !== application.spec.release)
    return undefined;
  const leftAt = newest.metadata.annotations?.[LEFT_AT_GENERATION_ANNOTATION];
  if (leftAt !== String(application.metadata.generation ?? 0)) return undefined;
  const { run, routes, number } = newest.spec;
  return {
    release: { existing: number },
    makeCurrent: true,
    configuration: { run, ...(routes === undefined ? {} : { routes }) },
    sourceImage: sourceImageOf(newest),
  };
}

/** The highest number ever given plus one. */
export function nextNumber({ application, releases }: World): number {
  return (
    Math.max(
      application.status?.latestRelease ?? 0,
      application.spec.release ?? 0,
      ...releases.map((release) => release.spec.number),
    ) + 1
  );
}

/** Hash of what a Release takes from an Application's spec. */
export function configurationHash(spec: { readonly run?: unknown; readonly routes?: unknown }): string {
  return hashOf({ run: spec.run ?? {}, routes: spec.routes ?? null }).slice(0, 16);
}

/** The Release that spec.rollbackTo names, when it may be returned to. */
export function rollbackTarget({ application, releases }: World): StoredRelease | undefined {
  return releases.find((release) => release.spec.number === application.spec.rollbackTo);
}

function planRollback(world: World): Step | undefined {
  const target = rollbackTarget(world);
  if (target === undefined || !isIntact(target)) return undefined;
  const { application, run, routes, image, build, number, podsOf } = target.spec;
  const configuration = { run, ...(routes === undefined ? {} : { routes }) };
  const newest = newestOf(world.releases);
  // Made by an earlier run that was killed before the Application was written.
  const unfinished =
    newest?.spec.rollbackTo === number &&
    newest.spec.insteadOf === undefined &&
    newest.spec.number > (world.application.spec.release ?? 0);
  if (newest !== undefined && unfinished)
    return { release: { existing: newest.spec.number }, makeCurrent: true, configuration };
  return {
    release: {
      create: {
        application,
        number: nextNumber(world),
        image,
        run: run as ReleaseSpec["run"],
        ...(routes === undefined ? {} : { routes: routes as NonNullable<ReleaseSpec["routes"]> }),
        ...(build === undefined ? {} : { build }),
        rollbackTo: number,
        // While another Release is tried or rolled out, the Pods that serve stay as they are.
        ...(number === world.application.status?.currentRelease ? { podsOf: podsOf ?? number } : {}),
        reason: forced(world, `rollback to v${number}`),
        ...author(world),
      },
    },
    makeCurrent: true,
    configuration,
  };
}

function planBuild(world: World): Step | undefined {
  const { application, releases, builds } = world;
  const ready = builds
    .filter((build) => build.status?.phase === "Succeeded" && build.status.image !== undefined)
    .sort((a, b) => a.spec.number - b.spec.number);
  const waiting = ready.filter((candidate) => candidate.metadata.labels?.[RELEASED_LABEL] === undefined);
  const madeOf = (build: StoredBuild): StoredRelease | undefined =>
    releases.find(({ spec }) => spec.build === build.metadata.name && spec.reason === reasonOf(build));
  const isHeld = (build: StoredBuild): boolean => world.freeze !== undefined && forcerOf(build) === undefined;
  // In a freeze a Release is made and waits: its Build is marked when it becomes current.
  const build = waiting.find((candidate) => !isHeld(candidate) || madeOf(candidate) === undefined);
  if (build === undefined) return undefined;
  const reason = reasonOf(build);
  const made = madeOf(build);
  // A build that ends after a later one is recorded, but does not replace what is newer.
  const overtaken =
    ready.some(
      (other) =>
        other.spec.number > build.spec.number &&
        (other.metadata.labels?.[RELEASED_LABEL] !== undefined || madeOf(other) !== undefined),
    ) ||
    (made !== undefined && made.spec.number < (application.spec.release ?? 0));
  return {
    release:
      made === undefined
        ? {
            create: {
              ...fromSpec(world),
              image: build.status?.image ?? "",
              build: build.metadata.name,
              reason,
              ...requester(build),
            },
          }
        : { existing: made.spec.number },
    makeCurrent:
      !isHeld(build) && !overtaken && (application.spec.deployPolicy ?? "Automatic") === "Automatic",
    ...(isHeld(build) ? {} : { build: build.metadata.name }),
  };
}

function planImage(world: World): Step | undefined {
  const { application, releases } = world;
  const image = application.spec.source?.image;
  const key = sourceImageKey(image);
  if (image === undefined || key === undefined || key === application.status?.sourceImage) return undefined;
  const newest = newestOf(releases);
  if (newest?.metadata.annotations?.[SOURCE_IMAGE_ANNOTATION] === key) {
    if (newest.spec.number === application.spec.release) return undefined;
    return { release: { existing: newest.spec.number }, makeCurrent: true };
  }
  const { reference, promotedFrom } = image;
  return {
    release: {
      create: {
        ...fromSpec(world),
        image: reference,
        ...(promotedFrom === undefined ? {} : { promotedFrom }),
        reason: forced(
          world,
          promotedFrom === undefined
            ? `image ${reference}`
            : `promoted from ${promotedFrom.system}/${promotedFrom.application} v${promotedFrom.release}`,
        ),
        ...author(world),
      },
      annotations: { [SOURCE_IMAGE_ANNOTATION]: key },
    },
    makeCurrent: true,
    pin: promotedFrom === undefined,
  };
}

function planConfiguration(world: World): Step | undefined {
  const { application, releases } = world;
  const current = releases.find((release) => release.spec.number === application.spec.release);
  if (current === undefined || !isIntact(current)) return undefined;
  const newest = newestOf(releases) ?? current;
  const taken = application.status?.configurationHash ?? configurationHash(newest.spec);
  if (configurationHash(application.spec) === taken) return undefined;
  const same =
    configurationHash(newest.spec) === configurationHash(application.spec) &&
    newest.spec.image === current.spec.image;
  if (same) {
    if (newest === current) return undefined;
    return { release: { existing: newest.spec.number }, makeCurrent: true };
  }
  const { image, build } = current.spec;
  const onlyRoutes = deepEqual(current.spec.run, application.spec.run ?? {});
  return {
    release: {
      create: {
        ...fromSpec(world),
        image,
        ...(build === undefined ? {} : { build }),
        ...(onlyRoutes ? { podsOf: current.spec.podsOf ?? current.spec.number } : {}),
        reason: forced(world, onlyRoutes ? "routes changed" : "configuration changed"),
        ...author(world),
      },
    },
    makeCurrent: true,
  };
}

/** "push 1a2b3c4 main" where a commit was built, else "build hello-b3". */
function reasonOf(build: StoredBuild): string {
  const { revision, ref } = build.spec.source.bundle ?? {};
  const reason =
    revision === undefined
      ? `build ${build.metadata.name}`
      : ["push", revision.slice(0, 7), ref].filter((word) => word !== undefined).join(" ");
  const forcer = forcerOf(build);
  return forcer === undefined ? reason : `${reason}, forced by ${forcer}`;
}

/** Who let it go before a freeze. */
function forcerOf({ metadata }: StoredBuild): string | undefined {
  return metadata.annotations?.[FORCED_BY_ANNOTATION];
}

function forced({ application }: World, reason: string): string {
  const forcer = forcedBy(application as DeepReadonly<Application>);
  return forcer === undefined ? reason : `${reason}, forced by ${forcer}`;
}

function newestOf(releases: readonly StoredRelease[]): StoredRelease | undefined {
  return releases.reduce<StoredRelease | undefined>(
    (best, next) => (best === undefined || next.spec.number > best.spec.number ? next : best),
    undefined,
  );
}

function fromSpec(world: World): Pick<ReleaseSpec, "application" | "number" | "run" | "routes"> {
  const { run, routes } = world.application.spec;
  return {
    application: world.application.metadata.name,
    number: nextNumber(world),
    run: (run ?? {}) as ReleaseSpec["run"],
    ...(routes === undefined ? {} : { routes: routes as NonNullable<ReleaseSpec["routes"]> }),
  };
}

function author({ application }: World): { createdBy?: string } {
  const name = changeAuthor(application as DeepReadonly<Application>);
  return name === undefined ? {} : { createdBy: name };
}

function requester(build: StoredBuild): { createdBy?: string } {
  return build.spec.requestedBy === undefined ? {} : { createdBy: build.spec.requestedBy };
}
