import { setTimeout as sleep } from "node:timers/promises";
import { type Pod, Pods } from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import { createInformerFactory, type Stored } from "@jdos/client";
import {
  APPLICATION,
  countedByQuota,
  readyInEndpoints,
  readyInSlices,
  setReplicas,
  untilUnused,
} from "./application.ts";
import { type ControlPlane, cpuSecondsOf } from "./control-plane.ts";
import { until } from "./programs.ts";

/** A moment at which the last Pod was seen so: seconds since the request, and what the control plane spent till then. */
export interface Moment {
  seconds: number;
  cpuSeconds: number;
}

/** `published`: the Service's EndpointSlices and Endpoints show every Pod as ready, and the quota counts it. */
export type ScaleUp = Record<"created" | "bound" | "ready" | "published", Moment>;

/** These reads are large: often repeated, they would be what is measured. */
const POLL_MILLIS = 25;

export interface ScaleUpOptions {
  pods: number;
  timeoutSeconds: number;
}

/** Takes the Application from 0 to so many Pods, which are watched as any client would. */
export async function scaleUp(
  plane: ControlPlane,
  { pods, timeoutSeconds }: ScaleUpOptions,
): Promise<ScaleUp> {
  const { client } = plane;
  const informers = createInformerFactory(client);
  const moments: Partial<ScaleUp> = {};
  const counts = { created: 0, bound: 0, ready: 0 };
  const cpuBefore = cpuSecondsOf(plane);
  const started = performance.now();
  const note = (what: keyof ScaleUp): void => {
    const seconds = (performance.now() - started) / 1000;
    moments[what] = { seconds, cpuSeconds: cpuSecondsOf(plane) - cpuBefore };
  };
  const count = (what: keyof typeof counts): void => {
    if (++counts[what] === pods) note(what);
  };
  const see = (pod: Stored<Pod>, old?: Stored<Pod>): void => {
    if (old === undefined) count("created");
    if (isBound(pod) && !isBound(old)) count("bound");
    if (isReady(pod) && !isReady(old)) count("ready");
  };
  const { namespace } = APPLICATION;
  informers.for(Pods, { namespace }).addHandlers({ added: (pod) => see(pod), updated: see });
  informers.start();
  await informers.waitForSync();
  await setReplicas(client, pods);
  await until(async () => moments.ready !== undefined, timeoutSeconds);
  await until(async () => {
    const published =
      (await countedByQuota(client)) === pods &&
      (await readyInSlices(client)) === pods &&
      (await readyInEndpoints(client)) === pods;
    if (!published) await sleep(POLL_MILLIS);
    return published;
  }, timeoutSeconds);
  note("published");
  await informers.stop();
  return moments as ScaleUp;
}

/** Takes the Application back to no Pods; resolves when none is left. */
export async function removeScaled({ client }: ControlPlane, timeoutSeconds: number): Promise<void> {
  await setReplicas(client, 0);
  await untilUnused(client, timeoutSeconds);
}

function isBound(pod: Stored<Pod> | undefined): boolean {
  return (pod?.spec?.nodeName ?? "") !== "";
}

export function isReady(pod: Stored<Pod> | undefined): boolean {
  return isConditionTrue(pod?.status?.conditions, "Ready");
}
