import {
  CANARY_WEIGHT_ANNOTATION,
  canaryName,
  type Deployment,
  Deployments,
  type Ingress,
  Ingresses,
  type Service,
  Services,
} from "@jdos/api";
import { isStatus, type KubeObject, type ObjectKey, type ResourceType } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { ReconcileContext } from "@jdos/controller-runtime";
import { apply } from "../apply/apply.ts";
import type { Settings } from "../options.ts";
import { renderDeployment } from "./render/deployment.ts";
import { renderCanaryIngress, renderIngress } from "./render/ingress.ts";
import { renderService } from "./render/service.ts";
import type { Subject } from "./render/subject.ts";
import { IDLE_SINCE_ANNOTATION } from "./rollout/removal.ts";
import type { BesidePlan, RolloutPlan, RolloutWorld } from "./rollout/rollout-world.ts";
import { adoptTemplate, takePodStep } from "./write-in-place.ts";

export interface WriteOptions {
  world: RolloutWorld;
  plan: RolloutPlan;
  settings: Settings;
}

export interface Written {
  /** The application's own. */
  deployment: Stored<Deployment>;
  ingress?: Stored<Ingress>;
  /** The one that the Service leads to. */
  serving?: Stored<Deployment>;
}

/**
 * Writes what a plan says. Where requests lead is written before anything that takes Pods away, and Pods are written
 * before requests are led to them: a run may be killed between any two writes.
 */
export async function writeRollout({ client }: ReconcileContext, options: WriteOptions): Promise<Written> {
  const { world, plan, settings } = options;
  const { application } = world;
  const own: Subject = { application, release: plan.own, settings };
  const beside = plan.beside?.action === "render" ? plan.beside : undefined;
  if (beside !== undefined) await writeBeside(client, options, beside);
  const ingress = await writeFront(client, options);
  const tried = plan.beside?.action === "turnAway" ? await turnAway(client, world) : world.beside.deployment;
  if (plan.beside?.action === "remove") await removeBeside(client, world);
  const deployment = await apply(
    client,
    Deployments,
    renderDeployment(own, {
      idle: plan.ownIdle ?? false,
      ...(plan.paused !== undefined && { paused: plan.paused }),
    }),
    {
      owner: application,
      ...(world.own && { known: world.own }),
    },
  );
  if (plan.adopts !== undefined) await adoptTemplate(client, plan.adopts, deployment);
  for (const step of plan.podSteps ?? []) await takePodStep(client, step, world.now);
  const serving = plan.front.to === "beside" ? tried : undefined;
  return { deployment, ...(ingress && { ingress }), ...(serving && { serving }) };
}

/** The application's Service and Ingress. */
async function writeFront(
  client: Client,
  { world, plan, settings }: WriteOptions,
): Promise<Stored<Ingress> | undefined> {
  const { application: owner, service, ingress } = world;
  const subject: Subject = { application: owner, release: plan.front.release, settings };
  await apply(client, Services, renderService(subject, { beside: plan.front.to === "beside" }), {
    owner,
    keep: keepAddress,
    ...(service && { known: service }),
  });
  const wanted = renderIngress(subject);
  if (wanted !== undefined)
    return apply(client, Ingresses, wanted, { owner, ...(ingress && { known: ingress }) });
  if (ingress !== undefined) await remove(client, Ingresses, keyOf(world, owner.metadata.name));
  return undefined;
}

/** What stands beside, the Pods first and the Ingress last. */
async function writeBeside(
  client: Client,
  { world, plan, settings }: WriteOptions,
  { replicas, weight }: Extract<BesidePlan, { action: "render" }>,
): Promise<void> {
  const { application: owner, wanted, beside } = world;
  const subject: Subject = { application: owner, release: wanted, settings, beside: true };
  await apply(client, Deployments, renderDeployment(subject, { replicas }), {
    owner,
    ...(beside.deployment && { known: beside.deployment }),
  });
  if (weight === undefined) return;
  const service = renderService(subject);
  await apply(client, Services, service, {
    owner,
    keep: keepAddress,
    ...(beside.service && { known: beside.service }),
  });
  const front: Subject = { application: owner, release: plan.front.release, settings };
  const ingress = renderCanaryIngress(front, { service, weight });
  if (ingress !== undefined)
    await apply(client, Ingresses, ingress, { owner, ...(beside.ingress && { known: beside.ingress }) });
  else if (beside.ingress !== undefined)
    await remove(client, Ingresses, keyOf(world, canaryName(owner.metadata.name)));
}

/** From now on no requests go there. */
async function turnAway(
  client: Client,
  { beside, now }: RolloutWorld,
): Promise<Stored<Deployment> | undefined> {
  const { ingress, deployment } = beside;
  if (ingress !== undefined && ingress.metadata.annotations?.[CANARY_WEIGHT_ANNOTATION] !== "0")
    await client.update(Ingresses, annotated(ingress, { [CANARY_WEIGHT_ANNOTATION]: "0" }));
  if (deployment === undefined) return undefined;
  return client.update(Deployments, annotated(deployment, { [IDLE_SINCE_ANNOTATION]: now.toISOString() }));
}

function annotated<T extends KubeObject>(object: Stored<T>, annotations: Record<string, string>): Stored<T> {
  const { metadata } = object as unknown as Stored<KubeObject>;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } };
}

/** The Deployment last: by it the rest is known to be on its way out. */
async function removeBeside(client: Client, world: RolloutWorld): Promise<void> {
  const key = keyOf(world, canaryName(world.application.metadata.name));
  if (world.beside.ingress !== undefined) await remove(client, Ingresses, key);
  if (world.beside.service !== undefined) await remove(client, Services, key);
  if (world.beside.deployment !== undefined) await remove(client, Deployments, key);
}

function keyOf({ application }: RolloutWorld, name: string): ObjectKey {
  return { namespace: application.metadata.namespace ?? "", name };
}

/** The address of a Service is given once. */
function keepAddress(live: Stored<Service>, wanted: Service): Service {
  const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = live.spec ?? {};
  const kept = { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } as Service["spec"];
  return { ...wanted, spec: { ...kept, ...wanted.spec } };
}

async function remove<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  key: ObjectKey,
): Promise<void> {
  try {
    await client.delete(type, key, { propagationPolicy: "Background" });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
