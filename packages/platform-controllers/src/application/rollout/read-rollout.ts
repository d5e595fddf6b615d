import {
  APPLICATION_LABEL,
  canaryLabel,
  canaryName,
  Deployments,
  Ingresses,
  type Pod,
  Pods,
  RELEASE_LABEL,
  type Release,
  type ReplicaSet,
  ReplicaSets,
  Services,
} from "@jdos/api";
import { controllerOf, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ReconcileContext } from "@jdos/controller-runtime";
import { PODS_BY_APPLICATION } from "../../indexes.ts";
import { isIntact } from "../../release/intact.ts";
import type { World } from "../plan.ts";
import { isOf } from "./deployment-state.ts";
import { isOwnedBy } from "./in-place-template.ts";
import { type Beside, podsNumber, type RolloutWorld } from "./rollout-world.ts";

/** What a rollout of the wanted Release is planned from: out of the informers' memory, and its ReplicaSets where they matter. */
export async function readRollout(
  context: ReconcileContext,
  { application, releases }: World,
  wanted: Stored<Release>,
): Promise<RolloutWorld> {
  const { name } = application.metadata;
  const own = mine(context, application, name);
  const pods = podsOf(context, application);
  const stable = releases.find(({ spec }) => spec.number === application.status?.currentRelease);
  const deployment = own(Deployments);
  const service = own(Services);
  const ingress = own(Ingresses);
  const ownPods = pods.filter(
    ({ metadata }) =>
      metadata.labels?.[APPLICATION_LABEL] === name && metadata.deletionTimestamp === undefined,
  );
  const world: RolloutWorld = {
    application,
    wanted,
    ...(stable !== undefined && isIntact(stable) && { stable }),
    ...(deployment && { own: deployment }),
    ...(service && { service }),
    ...(ingress && { ingress }),
    beside: besideOf(context, { application, releases, pods }),
    pods: pods.filter(({ metadata }) => metadata.labels?.[RELEASE_LABEL] === String(podsNumber(wanted))),
    ownPods,
    replicaSets: [],
    now: context.now(),
  };
  return needsReplicaSets(world) ? { ...world, replicaSets: await replicaSetsOf(context, world) } : world;
}

/** Only while Pods are changed in place: nobody else asks for them. */
function needsReplicaSets({ application, own, ownPods, wanted }: RolloutWorld): boolean {
  if (application.spec.rollout?.strategy !== "InPlace" || !isOf(own, wanted)) return false;
  const number = String(podsNumber(wanted));
  return (
    own?.spec?.paused === true || ownPods.some(({ metadata }) => metadata.labels?.[RELEASE_LABEL] !== number)
  );
}

/** From the server, not from a memory that may be behind it: by them it is decided whether Pods are made anew. */
async function replicaSetsOf(
  { client }: ReconcileContext,
  { application, own }: RolloutWorld,
): Promise<Stored<ReplicaSet>[]> {
  const { name, namespace = "" } = application.metadata;
  const { items } = await client.list(ReplicaSets, {
    namespace,
    labelSelector: `${APPLICATION_LABEL}=${name}`,
  });
  return items.filter((set) => isOwnedBy(set, own?.metadata.uid ?? ""));
}

function besideOf(
  context: ReconcileContext,
  { application, releases, pods }: Pick<World, "application" | "releases"> & { pods: readonly Stored<Pod>[] },
): Beside {
  const { name } = application.metadata;
  const there = mine(context, application, canaryName(name));
  const deployment = there(Deployments);
  const service = there(Services);
  const ingress = there(Ingresses);
  const number = Number(deployment?.spec?.template.metadata?.labels?.[RELEASE_LABEL]);
  const release = releases.find(({ spec }) => spec.number === number);
  return {
    ...(deployment && { deployment }),
    ...(service && { service }),
    ...(ingress && { ingress }),
    ...(release && { release }),
    pods: pods.filter(({ metadata }) => metadata.labels?.[APPLICATION_LABEL] === canaryLabel(name)),
  };
}

/** Objects of that name, of the application alone: those of others are not looked at. */
function mine({ informers }: ReconcileContext, { metadata }: World["application"], name: string) {
  return <T extends KubeObject>(type: ResourceType<T>): Stored<T> | undefined => {
    const found = informers.for(type).lister.get({ namespace: metadata.namespace ?? "", name });
    const owner = found && controllerOf(found as unknown as Stored<KubeObject>);
    return owner?.uid === metadata.uid ? found : undefined;
  };
}

function podsOf({ informers }: ReconcileContext, { metadata }: World["application"]) {
  return informers.for(Pods).lister.byIndex(PODS_BY_APPLICATION, `${metadata.namespace}/${metadata.name}`);
}
