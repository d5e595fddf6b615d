import { Deployments, type Pod, Pods } from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import { createInformerFactory, type Stored } from "@jdos/client";
import { type ControlPlane, cpuSecondsOf } from "./control-plane.ts";
import { deployment } from "./deployment.ts";
import { until } from "./programs.ts";

/** A moment at which the last Pod was seen so: seconds since the request, and what the control plane spent till then. */
export interface Moment {
  seconds: number;
  cpuSeconds: number;
}

export type ScaleUp = Record<"created" | "bound" | "ready", Moment>;

const KEY = { namespace: "default", name: "scaled" };

export interface ScaleUpOptions {
  pods: number;
  timeoutSeconds: number;
}

/** Takes a Deployment from 0 to so many Pods, which are watched as any client would. */
export async function scaleUp(
  plane: ControlPlane,
  { pods, timeoutSeconds }: ScaleUpOptions,
): Promise<ScaleUp> {
  const { client } = plane;
  await client.create(Deployments, deployment({ ...KEY, replicas: 0 }));
  const informers = createInformerFactory(client);
  const moments: Partial<ScaleUp> = {};
  const counts = { created: 0, bound: 0, ready: 0 };
  const cpuBefore = cpuSecondsOf(plane);
  const started = performance.now();
  const count = (what: keyof ScaleUp): void => {
    if (++counts[what] < pods) return;
    const seconds = (performance.now() - started) / 1000;
    moments[what] = { seconds, cpuSeconds: cpuSecondsOf(plane) - cpuBefore };
  };
  const see = (pod: Stored<Pod>, old?: Stored<Pod>): void => {
    if (old === undefined) count("created");
    if (isBound(pod) && !isBound(old)) count("bound");
    if (isReady(pod) && !isReady(old)) count("ready");
  };
  informers.for(Pods, { namespace: KEY.namespace }).addHandlers({ added: (pod) => see(pod), updated: see });
  informers.start();
  await informers.waitForSync();
  await client.patch(Deployments, KEY, { type: "merge", body: { spec: { replicas: pods } } });
  await until(async () => moments.ready !== undefined, timeoutSeconds);
  await informers.stop();
  return moments as ScaleUp;
}

/** Deletes the Deployment; resolves when no Pod is left. */
export async function removeScaled({ client }: ControlPlane, timeoutSeconds: number): Promise<void> {
  await client.delete(Deployments, KEY, { propagationPolicy: "Background" });
  const isEmpty = async () =>
    (await client.list(Pods, { namespace: KEY.namespace, limit: 1 })).items.length === 0;
  await until(isEmpty, timeoutSeconds);
}

function isBound(pod: Stored<Pod> | undefined): boolean {
  return (pod?.spec?.nodeName ?? "") !== "";
}

export function isReady(pod: Stored<Pod> | undefined): boolean {
  return isConditionTrue(pod?.status?.conditions, "Ready");
}
