import {
  APPLICATION_LABEL,
  type Application,
  Applications,
  type Build,
  Builds,
  Deployments,
  Ingresses,
  Pods,
  RELEASE_LABEL,
  type Release,
  Releases,
  type Service,
  Services,
  Systems,
} from "@jdos/api";
import { isStatus, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import { apply } from "../apply/apply.ts";
import { writeStatus } from "../apply/write-status.ts";
import { PlatformError } from "../errors.ts";
import {
  BUILDS_BY_APPLICATION,
  OWNED_BY_APPLICATION,
  PODS_BY_APPLICATION,
  RELEASES_BY_APPLICATION,
} from "../indexes.ts";
import type { Settings } from "../options.ts";
import { isIntact } from "../release/intact.ts";
import type { Observed } from "./conditions.ts";
import { planRelease, rollbackTarget, type World } from "./plan.ts";
import { prune } from "./prune.ts";
import { ensureRegistrySecret } from "./registry-secret.ts";
import { renderDeployment } from "./render/deployment.ts";
import { renderIngress, urlOf } from "./render/ingress.ts";
import { renderService } from "./render/service.ts";
import type { Subject } from "./render/subject.ts";
import { applicationStatus } from "./status.ts";
import { takeStep } from "./take-step.ts";

/** More steps than this in one go is a fault of ours, not a busy application. */
const MAX_STEPS = 20;
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
          const application = metadata.labels?.[APPLICATION_LABEL];
          return application === undefined
            ? []
            : [{ namespace: metadata.namespace ?? "", name: application }];
        },
      },
      {
        type: Systems,
        keys: ({ metadata }, informers) => informers.for(Applications).lister.list(metadata.name).map(keyOf),
      },
    ],
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
  const renewSeconds = await ensureRegistrySecret(context.client, application, settings.registry);
  let world = readWorld(context, application);
  for (let taken = 0; taken < MAX_STEPS; taken++) {
    const step = planRelease(world);
    if (step === undefined) break;
    world = await takeStep(context, world, step);
  }
  const observed = await run(context, world, settings);
  await writeStatus(
    context.client,
    Applications,
    world.application,
    applicationStatus(observed, {
      now: context.now(),
      latestRelease: Math.max(
        world.application.status?.latestRelease ?? 0,
        ...world.releases.map(({ spec }) => spec.number),
      ),
      imageOf: (number) => world.releases.find(({ spec }) => spec.number === number)?.spec.image,
    }),
  );
  await prune(context.client, { ...world, running: runningReleases(context, world.application) });
  return renewSeconds === undefined ? undefined : { requeueAfterSeconds: renewSeconds };
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

function readWorld({ informers }: ReconcileContext, application: Stored<Application>): World {
  const name = `${application.metadata.namespace}/${application.metadata.name}`;
  const mine = (object: Stored<Release> | Stored<Build>): boolean =>
    object.metadata.deletionTimestamp === undefined;
  return {
    application,
    releases: informers.for(Releases).lister.byIndex(RELEASES_BY_APPLICATION, name).filter(mine),
    builds: informers.for(Builds).lister.byIndex(BUILDS_BY_APPLICATION, name).filter(mine),
  };
}

/** Writes what runs and returns what is seen of it. */
async function run(context: ReconcileContext, world: World, settings: Settings): Promise<Observed> {
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
  if (release === undefined || tampered(release) !== undefined) {
    const deployment = context.informers.for(Deployments).lister.get(key);
    const ingress = context.informers.for(Ingresses).lister.get(key);
    const url = application.status?.url;
    return {
      ...seen,
      ...(refusal === undefined ? {} : { refusal }),
      ...(deployment && { deployment }),
      ...(ingress && { ingress }),
      ...(url && { url }),
      pods: [],
    };
  }
  const subject: Subject = { application, release, settings };
  try {
    const { deployment, ingress } = await write(context, subject);
    const url = urlOf(subject);
    return {
      ...seen,
      ...(refusal === undefined ? {} : { refusal }),
      deployment,
      ...(ingress && { ingress }),
      ...(url && { url }),
      pods: podsOf(context, application, release),
    };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== "NameTaken") throw error;
    context.events.event(application, "Warning", error.code, error.message);
    return { ...seen, refusal: { reason: error.code, message: `${error.message}. ${error.hint}` }, pods: [] };
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
  const why = rollbackTarget(world) === undefined ? "does not exist" : "was changed after it was made";
  return { reason: "RollbackRefused", message: `Release v${rollbackTo} cannot be returned to: it ${why}` };
}

async function write(
  { client, informers }: ReconcileContext,
  subject: Subject,
): Promise<Pick<Observed, "deployment" | "ingress">> {
  const { application: owner } = subject;
  const key = { namespace: owner.metadata.namespace ?? "", name: owner.metadata.name };
  const known = informers.for(Services).lister.get(key);
  await apply(client, Services, renderService(subject), {
    owner,
    keep: keepAddress,
    ...(known && { known }),
  });
  const wanted = renderIngress(subject);
  const liveIngress = informers.for(Ingresses).lister.get(key);
  const ingress =
    wanted === undefined
      ? undefined
      : await apply(client, Ingresses, wanted, { owner, ...(liveIngress && { known: liveIngress }) });
  if (wanted === undefined && liveIngress !== undefined) await removeIngress(client, key);
  const liveDeployment = informers.for(Deployments).lister.get(key);
  const deployment = await apply(client, Deployments, renderDeployment(subject), {
    owner,
    ...(liveDeployment && { known: liveDeployment }),
  });
  return { deployment, ...(ingress && { ingress }) };
}

/** The address of a Service is given once. */
function keepAddress(live: Stored<Service>, wanted: Service): Service {
  const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = live.spec ?? {};
  const kept = { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } as Service["spec"];
  return { ...wanted, spec: { ...kept, ...wanted.spec } };
}

async function removeIngress(client: Client, key: ObjectKey): Promise<void> {
  try {
    await client.delete(Ingresses, key);
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

function podsOf({ informers }: ReconcileContext, application: Stored<Application>, release: Stored<Release>) {
  const label = String(release.spec.podsOf ?? release.spec.number);
  return informers
    .for(Pods)
    .lister.byIndex(PODS_BY_APPLICATION, `${application.metadata.namespace}/${application.metadata.name}`)
    .filter(({ metadata }) => metadata.labels?.[RELEASE_LABEL] === label);
}

function runningReleases({ informers }: ReconcileContext, application: Stored<Application>): Set<number> {
  const pods = informers
    .for(Pods)
    .lister.byIndex(PODS_BY_APPLICATION, `${application.metadata.namespace}/${application.metadata.name}`);
  return new Set(pods.map(({ metadata }) => Number(metadata.labels?.[RELEASE_LABEL])));
}
