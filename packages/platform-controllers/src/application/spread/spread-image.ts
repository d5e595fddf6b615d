import { type Application, type ImageSpread, Nodes, type Pod, Pods, SPREADING_IMAGE } from "@jdos/api";
import { isStatus, keyOf } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ReconcileContext } from "@jdos/controller-runtime";
import { PODS_BY_APPLICATION, PULLS_BY_APPLICATION } from "../../indexes.ts";
import type { Settings } from "../../options.ts";
import type { Growth } from "./growth.ts";
import { planSpread, type SpreadPlan } from "./plan-spread.ts";
import { pullPod } from "./pull-pod.ts";

export interface SpreadOptions {
  application: Stored<Application>;
  settings: Settings;
}

/** What nodes do before an application grows, from the informers' memory. */
export function readSpread(
  { informers, now }: Pick<ReconcileContext, "informers" | "now">,
  growth: Growth | undefined,
  { application, settings }: SpreadOptions,
): SpreadPlan {
  const name = `${application.metadata.namespace}/${application.metadata.name}`;
  const pods = informers.for(Pods).lister;
  return planSpread({
    growth,
    before: application.status?.spread as ImageSpread | undefined,
    nodes: growth === undefined ? [] : informers.for(Nodes).lister.list(),
    pods: pods.byIndex(PODS_BY_APPLICATION, name),
    pulls: pods.byIndex(PULLS_BY_APPLICATION, name),
    settings: settings.spread,
    now: now(),
  });
}

/** The application as it is while Pods are held back. */
export function heldBack(application: Stored<Application>, { held }: Growth): Stored<Application> {
  return { ...application, spec: { ...application.spec, replicas: held.replicas } };
}

/**
 * Makes and deletes Pods as it was planned, and tells of the beginning and the end. Answers why such Pods are refused, by
 * a quota or a policy: then nothing is to be waited for.
 */
export async function takeSpread(
  { client, events }: ReconcileContext,
  { pull, remove, status, result }: SpreadPlan,
  { application, settings }: SpreadOptions,
): Promise<string | undefined> {
  for (const pod of remove) await removePod(client, pod);
  const isKnown = application.status?.spread !== undefined;
  if (isKnown && result !== undefined) events.event(application, "Normal", "ImageSpread", result);
  if (status === undefined) return undefined;
  try {
    for (const node of pull)
      await ifNew(client.create(Pods, pullPod(application, { image: status.image, node, settings })));
  } catch (error) {
    if (!isStatus(error, "Forbidden", "Invalid")) throw error;
    const message = `Nodes cannot pull the image before its Pods are made: ${error.message}`;
    events.event(application, "Warning", "ImageNotSpread", message);
    return message;
  }
  if (!isKnown) events.event(application, "Normal", SPREADING_IMAGE, status.message ?? status.image);
  return undefined;
}

async function removePod(client: ReconcileContext["client"], pod: Stored<Pod>): Promise<void> {
  try {
    await client.delete(Pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
  } catch (error) {
    if (!isStatus(error, "NotFound", "Conflict")) throw error;
  }
}

async function ifNew(creating: Promise<unknown>): Promise<void> {
  try {
    await creating;
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}
