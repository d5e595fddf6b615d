import {
  APPLICATION_LABEL,
  type Application,
  Applications,
  applicationOfLabel,
  type Build,
  Builds,
  Deployments,
  Ingresses,
  Nodes,
  Pods,
  PREVIEW_OF_LABEL,
  RELEASE_LABEL,
  type Release,
  Releases,
  SPREAD_LABEL,
  Systems,
} from "@jdos/api";
import { freezeAt, freezeSentence } from "@jdos/api/freeze";
import { isStatus, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import { UNSEEN_SECONDS } from "../apply/unseen.ts";
import { writeStatus } from "../apply/write-status.ts";
import { PlatformError } from "../errors.ts";
import {
  BUILDS_BY_APPLICATION,
  OWNED_BY_APPLICATION,
  PODS_BY_APPLICATION,
  RELEASES_BY_APPLICATION,
} from "../indexes.ts";
import type { Settings } from "../options.ts";
import { pinImage } from "../registry/pin-image.ts";
import { isIntact } from "../release/intact.ts";
import type { Observed } from "./conditions.ts";
import { heldStep, planRelease, planReturn, rollbackTarget, type Step, type World } from "./plan.ts";
import { prune } from "./prune.ts";
import { urlOf } from "./render/ingress.ts";
import { planRollout } from "./rollout/plan-rollout.ts";
import { readRollout } from "./rollout/read-rollout.ts";
import type { RolloutPlan, RolloutWorld } from "./rollout/rollout-world.ts";
import { growthOf } from "./spread/growth.ts";
import { heldBack, readSpread, takeSpread } from "./spread/spread-image.ts";
import { applicationStatus } from "./status.ts";
import { takeStep } from "./take-step.ts";
import { writeRollout } from "./write-rollout.ts";

/** More steps than this in one go is a fault of ours, not a busy application. */
const MAX_STEPS = 20;
/** The end of a freeze is looked for at least this often: clocks are set. */
const MAX_WAIT_SECONDS = 600;
/** Each change of a Pod is a reconcile over all of them: those that come at once share one. */
const MIN_INTERVAL_SECONDS = 0.03;

export function applicationController(settings: Settings): ControllerOptions {
  return {
    name: "application",
    minIntervalSeconds: MIN_INTERVAL_SECONDS,
    for: Applications,
    owns: OWNED_BY_APPLICATION,
    watches: [
      {
        type: Pods,
        keys: ({ metadata }) => {
          const application = metadata.labels?.[APPLICATION_LABEL] ?? metadata.labels?.[SPREAD_LABEL];
          return application === undefined
            ? []
            : [{ namespace: metadata.namespace ?? "", name: applicationOfLabel(application) }];
        },
      },
      {
        type: Systems,
        keys: ({ metadata }, informers) => informers.for(Applications).lister.list(metadata.name).map(keyOf),
      },
    ],
    // Which nodes there are is read when it matters; none of their many changes is waited for.
    setup: ({ informers }) => void informers.for(Nodes),
    reconcile: (context, key) => reconcileApplication(context, key, settings),
  };
}

async function reconcileApplication(
  context: ReconcileContext,
  key: ObjectKey,
  settings: Settings,
): Promise<Result | undefined> {
  const application = await find(context.client, key);
  if (application === undefined || application.metadata.deletionTimestamp !== undefined) return;
  if (!inSystem(context, key)) return void (await refuse(context, application));
  const renewSeconds = await settings.access.ensure(context.client, application);
  let world = readWorld(context, application);
  for (let taken = 0; taken < MAX_STEPS; taken++) {
    const step = planRelease(world);
    if (step === undefined) break;
    world = await takeStep(context, world, await pinned(context, world, { step, settings }));
  }
  let { observed, plan } = await run(context, world, settings);
  if (plan?.leave !== undefined) {
    world = await leaveRelease(context, world, plan.leave);
    ({ observed, plan } = await run(context, world, settings));
  }
  tell(context, application, plan);
  await writeStatus(
    context.client,
    Applications,
    world.application,
    applicationStatus(withWaits(observed, world), {
      now: context.now(),
      latestRelease: Math.max(
        world.application.status?.latestRelease ?? 0,
        ...world.releases.map(({ spec }) => spec.number),
      ),
      imageOf: (number) => world.releases.find(({ spec }) => spec.number === number)?.spec.image,
    }),
  );
  await prune(context.client, { ...world, running: runningReleases(context, world.application) });
  const thawSeconds = world.freeze && secondsUntil(world.freeze.until, context.now());
  const isUnseen = observed.deployment && !context.informers.for(Deployments).lister.get(key);
  const unseenSeconds = isUnseen ? UNSEEN_SECONDS : undefined;
  const waits = [renewSeconds, plan?.againSeconds, thawSeconds, unseenSeconds].filter(
    (seconds) => seconds !== undefined,
  );
  return waits.length === 0 ? undefined : { requeueAfterSeconds: Math.min(...waits) };
}

/** The step with the image that its Release is to have for the one that was named. */
async function pinned(
  { events, signal }: ReconcileContext,
  { application }: World,
  { step, settings }: { step: Step; settings: Settings },
): Promise<Step> {
  if (step.pin !== true || !("create" in step.release)) return step;
  const { create } = step.release;
  const { image, unpinned, mirrored } = await pinImage(create.image, settings.registry, signal);
  if (unpinned !== undefined) {
    const hint = mirrored
      ? "mirrors are set in registry.mirrors"
      : "registry.mirrors can name a mirror of it";
    const message = `Image ${image} is deployed by its tag, which may come to mean another one: ${unpinned}; ${hint}`;
    events.event(application, "Warning", "ImageNotPinned", message);
  }
  return { ...step, release: { ...step.release, create: { ...create, image } } };
}

function withWaits(observed: Observed, world: World): Observed {
  const { freeze } = world;
  const held = heldStep(world);
  if (freeze === undefined || held === undefined) return observed;
  const { release } = held;
  const what =
    "existing" in release
      ? `Release v${release.existing}`
      : `A release (${release.create.reason ?? "a change"})`;
  return {
    ...observed,
    waits: `${what} waits: system ${world.application.metadata.namespace} is frozen ${freezeSentence(freeze)}`,
  };
}

function secondsUntil(time: Date, now: Date): number {
  return Math.min(Math.max((time.getTime() - now.getTime()) / 1000, 0.1), MAX_WAIT_SECONDS);
}

/** The Release that served before is returned to, with its configuration. */
async function leaveRelease(context: ReconcileContext, world: World, why: string): Promise<World> {
  const { application, releases } = world;
  const target = releases.find(({ spec }) => spec.number === application.status?.currentRelease);
  if (target === undefined) return world;
  const step = planReturn(world, { target, why });
  const message = `Release v${application.spec.release} was left for v${target.spec.number}: ${why}`;
  context.events.event(application, "Warning", "ReleaseLeft", message);
  return takeStep(context, world, step);
}

/** An Event for each step of a rollout with a strategy. */
function tell(
  context: ReconcileContext,
  application: Stored<Application>,
  plan: RolloutPlan | undefined,
): void {
  const [before, now] = [application.status?.rollout, plan?.status];
  if (now?.message === undefined || now.phase === "Aborted") return;
  const same =
    before?.release === now.release &&
    before.phase === now.phase &&
    before.step === now.step &&
    before.weight === now.weight;
  if (!same) context.events.event(application, "Normal", `Rollout${now.phase}`, now.message);
}

async function find(client: Client, key: ObjectKey): Promise<Stored<Application> | undefined> {
  try {
    return await client.get(Applications, key);
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

function inSystem({ informers }: ReconcileContext, key: ObjectKey): boolean {
  const system = informers.for(Systems).lister.get({ namespace: "", name: key.namespace });
  return system?.status?.namespace === key.namespace;
}

/** Outside a System there is nobody whose quota and members would hold for it. */
async function refuse(context: ReconcileContext, application: Stored<Application>): Promise<void> {
  const { namespace } = application.metadata;
  const message = `Namespace ${namespace} does not belong to a System that is ready: create System "${namespace}" first`;
  const observed: Observed = { application, refusal: { reason: "NoSystem", message }, pods: [] };
  const status = applicationStatus(observed, {
    now: context.now(),
    latestRelease: application.status?.latestRelease ?? 0,
    imageOf: () => undefined,
  });
  await writeStatus(context.client, Applications, application, status);
}

function readWorld(context: ReconcileContext, application: Stored<Application>): World {
  const { informers } = context;
  const now = context.now();
  const name = `${application.metadata.namespace}/${application.metadata.name}`;
  const mine = (object: Stored<Release> | Stored<Build>): boolean =>
    object.metadata.deletionTimestamp === undefined;
  const system = informers
    .for(Systems)
    .lister.get({ namespace: "", name: application.metadata.namespace ?? "" });
  // Previews of pull requests serve nobody yet.
  const isPreview = application.metadata.labels?.[PREVIEW_OF_LABEL] !== undefined;
  const freeze = isPreview ? undefined : freezeAt(system?.spec.freezeWindows, now);
  return {
    ...(freeze === undefined ? {} : { freeze }),
    application,
    releases: informers.for(Releases).lister.byIndex(RELEASES_BY_APPLICATION, name).filter(mine),
    builds: informers.for(Builds).lister.byIndex(BUILDS_BY_APPLICATION, name).filter(mine),
  };
}

interface Outcome {
  observed: Observed;
  /** Absent where nothing can be rendered. */
  plan?: RolloutPlan;
}

/** Writes what runs and returns what is seen of it. A Release that is to be left is not written any more. */
async function run(context: ReconcileContext, world: World, settings: Settings): Promise<Outcome> {
  const { application, releases, builds } = world;
  const wanted = application.spec.release;
  const release = releases.find(({ spec }) => spec.number === wanted);
  const latestBuild = [...builds].sort((a, b) => b.spec.number - a.spec.number)[0];
  const key = { namespace: application.metadata.namespace ?? "", name: application.metadata.name };
  const seen = {
    application,
    ...(release === undefined ? {} : { release }),
    ...(latestBuild === undefined ? {} : { latestBuild }),
  };
  const refusal = tampered(release) ?? refusedRollback(world);
  const spreads = { application, settings };
  if (release === undefined || tampered(release) !== undefined) {
    await takeSpread(context, readSpread(context, undefined, spreads), spreads);
    const deployment = context.informers.for(Deployments).lister.get(key);
    const ingress = context.informers.for(Ingresses).lister.get(key);
    const url = application.status?.url;
    return {
      observed: {
        ...seen,
        ...(refusal === undefined ? {} : { refusal }),
        ...(deployment && { deployment }),
        ...(ingress && { ingress }),
        ...(url && { url }),
        pods: [],
      },
    };
  }
  const asked: Asked = { seen: { ...seen, ...(refusal && { refusal }) }, settings };
  const rollout = await readRollout(context, world, release);
  const growth = growthOf(rollout, releases);
  const spread = readSpread(context, growth, spreads);
  if (growth === undefined || spread.status === undefined) {
    const outcome = await carryOut(context, rollout, asked);
    await takeSpread(context, spread, spreads);
    return outcome;
  }
  const before = { ...world, application: heldBack(application, growth) };
  const held = await carryOut(context, await readRollout(context, before, growth.held.release), {
    ...asked,
    stays: true,
  });
  if (held.plan === undefined) return held;
  const refused = await takeSpread(context, spread, spreads);
  if (refused !== undefined) return carryOut(context, rollout, asked);
  const againSeconds = Math.min(held.plan.againSeconds ?? MAX_WAIT_SECONDS, spread.againSeconds ?? 0);
  return {
    observed: { ...held.observed, pods: rollout.pods, spread: spread.status },
    plan: { ...held.plan, againSeconds },
  };
}

interface Asked {
  seen: Omit<Observed, "pods">;
  settings: Settings;
  /** Whatever becomes of the Release that runs, another one is wanted already. */
  stays?: boolean;
}

/** Brings a rollout a step on. */
async function carryOut(context: ReconcileContext, rollout: RolloutWorld, asked: Asked): Promise<Outcome> {
  const { seen, settings, stays = false } = asked;
  const { application } = rollout;
  const { leave, ...rest } = planRollout(rollout);
  const plan: RolloutPlan = leave === undefined || stays ? rest : { ...rest, leave };
  const url = urlOf({ application, release: plan.front.release, settings });
  const said = {
    ...seen,
    own: plan.own,
    ...(plan.status && { rollout: plan.status }),
    ...(plan.changed !== undefined && { changed: plan.changed }),
    ...(url && { url }),
    pods: rollout.pods,
  };
  if (plan.leave !== undefined) return { observed: said, plan };
  try {
    const written = await writeRollout(context, { world: rollout, plan, settings });
    return { observed: { ...said, ...written }, plan };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== "NameTaken") throw error;
    context.events.event(application, "Warning", error.code, error.message);
    const taken = { reason: error.code, message: `${error.message}. ${error.hint}` };
    return { observed: { ...seen, refusal: taken, pods: [] } };
  }
}

interface Refusal {
  reason: string;
  message: string;
}

function tampered(release: Stored<Release> | undefined): Refusal | undefined {
  if (release === undefined || isIntact(release)) return undefined;
  const message = `Release ${release.metadata.name} was changed after it was made and is not deployed: roll back to another one`;
  return { reason: "ReleaseTampered", message };
}

/** What runs stays and is looked after; only the rollback is refused. */
function refusedRollback(world: World): Refusal | undefined {
  const { rollbackTo } = world.application.spec;
  if (rollbackTo === undefined) return undefined;
  const target = rollbackTarget(world);
  // It waits for the end of a freeze.
  if (world.freeze !== undefined && target !== undefined && isIntact(target)) return undefined;
  const why = target === undefined ? "does not exist" : "was changed after it was made";
  return { reason: "RollbackRefused", message: `Release v${rollbackTo} cannot be returned to: it ${why}` };
}

function runningReleases({ informers }: ReconcileContext, application: Stored<Application>): Set<number> {
  const pods = informers
    .for(Pods)
    .lister.byIndex(PODS_BY_APPLICATION, `${application.metadata.namespace}/${application.metadata.name}`);
  return new Set(pods.map(({ metadata }) => Number(metadata.labels?.[RELEASE_LABEL])));
}
