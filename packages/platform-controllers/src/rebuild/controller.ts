import {
  APPLICATION_LABEL,
  type Application,
  Applications,
  BASE_IMAGE_CONDITION,
  type Build,
  Builds,
  buildName,
  PREVIEW_OF_LABEL,
  type RebuildPolicy,
  Releases,
  Systems,
} from "@jdos/api";
import {
  type Condition,
  controllerReference,
  deepEqual,
  isStatus,
  type ObjectKey,
  setCondition,
} from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import { BUILDS_BY_APPLICATION, BUILDS_BY_STATE, OPEN, RELEASES_BY_APPLICATION } from "../indexes.ts";
import type { Settings } from "../options.ts";
import type { BaseImages } from "./base-images.ts";
import { basesOf } from "./bases.ts";
import { planRebuild, type RebuildPlan } from "./plan.ts";

interface Means {
  readonly settings: Settings;
  readonly images: BaseImages;
}

/** Says when an image that an Application was built on is newer, and where that is wanted builds it again. */
export function rebuildController(settings: Settings, images: BaseImages): ControllerOptions {
  return {
    name: "rebuild",
    for: Applications,
    owns: [Builds],
    minIntervalSeconds: 0.1,
    reconcile: (context, key) => reconcile(context, key, { settings, images }),
  };
}

async function reconcile(
  context: ReconcileContext,
  key: ObjectKey,
  means: Means,
): Promise<Result | undefined> {
  const application = context.informers.for(Applications).lister.get(key);
  if (application === undefined || application.metadata.deletionTimestamp !== undefined) return undefined;
  const policy = policyOf(context, application);
  const build = policy === "Never" ? undefined : currentBuild(context, application);
  if (policy === "Never" || build === undefined) return void (await say(context, application, undefined));
  const { newer, nextSeconds } = await newerBases(context, build, means);
  if (newer.length === 0) {
    await say(context, application, undefined);
    return nextSeconds === undefined ? undefined : { requeueAfterSeconds: nextSeconds };
  }
  const { lister } = context.informers.for(Builds);
  const open = lister.byIndex(BUILDS_BY_STATE, OPEN).filter(({ spec }) => spec.trigger?.kind === "BaseImage");
  const builds = buildsOf(context, application);
  const hasRoom = open.length < means.settings.build.concurrency;
  const plan = planRebuild({ application, policy, build, builds, newer, hasRoom, now: context.now() });
  // Said first: who is killed between the two says it again, and builds once.
  await say(context, application, plan);
  if (plan.create !== undefined) await create(context, { application, builds, create: plan.create });
  const waits = [plan.againSeconds, nextSeconds].filter((seconds) => seconds !== undefined);
  return waits.length === 0 ? undefined : { requeueAfterSeconds: Math.min(...waits) };
}

function policyOf({ informers }: ReconcileContext, { metadata, spec }: Stored<Application>): RebuildPolicy {
  // Previews serve nobody yet, and end by themselves.
  if (metadata.labels?.[PREVIEW_OF_LABEL] !== undefined) return "Never";
  const system = informers.for(Systems).lister.get({ namespace: "", name: metadata.namespace ?? "" });
  if (system === undefined) return "Never";
  return spec.build?.rebuild ?? system.spec.build?.rebuild ?? "Offer";
}

/** What made the image that is to run. */
function currentBuild(
  { informers }: ReconcileContext,
  { metadata, spec }: Stored<Application>,
): Stored<Build> | undefined {
  const { namespace = "", name } = metadata;
  const releases = informers.for(Releases).lister.byIndex(RELEASES_BY_APPLICATION, `${namespace}/${name}`);
  const built = releases.find((release) => release.spec.number === spec.release)?.spec.build;
  return built === undefined ? undefined : informers.for(Builds).lister.get({ namespace, name: built });
}

function buildsOf({ informers }: ReconcileContext, { metadata }: Stored<Application>) {
  return informers
    .for(Builds)
    .lister.byIndex(BUILDS_BY_APPLICATION, `${metadata.namespace}/${metadata.name}`);
}

async function newerBases(context: ReconcileContext, build: Stored<Build>, { settings, images }: Means) {
  const bases = basesOf(build, settings);
  const known = await Promise.all(bases.map(({ image }) => images.look(image, context.signal)));
  const newer = bases.flatMap(({ image, digest }, at) => {
    const [now] = known[at]?.digests ?? [];
    return now === undefined || known[at]?.digests?.has(digest) === true ? [] : [{ image, digest, now }];
  });
  const next = Math.min(...known.map(({ nextSeconds }) => nextSeconds));
  return { newer, nextSeconds: Number.isFinite(next) ? next : undefined };
}

/** Writes the condition onto the Application as it was read; nothing is said while all is current. */
async function say(
  { client, now }: ReconcileContext,
  application: Stored<Application>,
  plan: RebuildPlan | undefined,
): Promise<void> {
  const before = (application.status?.conditions ?? []) as Condition[];
  const others = before.filter(({ type }) => type !== BASE_IMAGE_CONDITION);
  const conditions =
    plan === undefined
      ? others
      : setCondition(
          before,
          { type: BASE_IMAGE_CONDITION, status: "False", reason: plan.reason, message: plan.message },
          now(),
        );
  if (deepEqual(conditions, before)) return;
  await client.update(
    Applications,
    { ...application, status: { ...application.status, conditions } } as Stored<Application>,
    { subresource: "status" },
  );
}

interface Creating {
  readonly application: Stored<Application>;
  readonly builds: readonly Stored<Build>[];
  readonly create: NonNullable<RebuildPlan["create"]>;
}

/** A name that is taken is somebody's newer build, or our own of before: the next look sees it. */
async function create(
  { client, events }: ReconcileContext,
  { application, builds, create }: Creating,
): Promise<void> {
  const { name, namespace } = application.metadata;
  const latest = Number(/-b(\d+)$/.exec(application.status?.latestBuild ?? "")?.[1] ?? 0);
  const number = Math.max(latest, ...builds.map(({ spec }) => spec.number)) + 1;
  try {
    await client.create(Builds, {
      metadata: {
        name: buildName(name, number),
        ...(namespace === undefined ? {} : { namespace }),
        labels: { [APPLICATION_LABEL]: name },
        annotations: { ...create.annotations },
        ownerReferences: [controllerReference(application)],
      },
      spec: { application: name, number, ...create.spec },
    });
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
    return;
  }
  events.event(
    application,
    "Normal",
    "Rebuild",
    `Build ${buildName(name, number)} is made: its base image is newer`,
  );
}
