import { Deployments, type Pod, Pods } from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import { createInformerFactory, type Stored } from "@jdos/client";
import { type ControlPlane, cpuSecondsOf } from "./control-plane.ts";
import { deployment } from "./deployment.ts";
import { until } from "./programs.ts";

/** Seconds from the request until the last Pod was seen so. */
export interface ScaleUp {
  created: number;
  bound: number;
  ready: number;
  /** CPU seconds of the control plane until then. */
  cpuBound: number;
  cpuReady: number;
}

const NAMESPACE = "default";
const NAME = "scaled";

export interface ScaleUpOptions {
  pods: number;
  timeoutSeconds: number;
}

/** Takes a Deployment from 0 to so many Pods, and away again; the Pods are watched as a client would. */
export async function scaleUp(
  plane: ControlPlane,
  { pods, timeoutSeconds }: ScaleUpOptions,
): Promise<ScaleUp> {
  const { client } = plane;
  await client.create(Deployments, deployment({ namespace: NAMESPACE, name: NAME, replicas: 0 }));
  const informers = createInformerFactory(client);
  const informer = informers.for(Pods, { namespace: NAMESPACE });
  const counts = { created: 0, bound: 0, ready: 0 };
  const result = { created: 0, bound: 0, ready: 0, cpuBound: 0, cpuReady: 0 };
  const cpuBefore = cpuSecondsOf(plane);
  const started = performance.now();
  const count = (what: keyof typeof counts, now: boolean, before: boolean): void => {
    if (!now || before || ++counts[what] < pods) return;
    result[what] = (performance.now() - started) / 1000;
    const cpu = cpuSecondsOf(plane) - cpuBefore;
    if (what === "bound") result.cpuBound = cpu;
    if (what === "ready") result.cpuReady = cpu;
  };
  const see = (pod: Stored<Pod>, old?: Stored<Pod>): void => {
    count("created", true, old !== undefined);
    count("bound", isBound(pod), old !== undefined && isBound(old));
    count("ready", isReady(pod), old !== undefined && isReady(old));
  };
  informer.addHandlers({ added: (pod) => see(pod), updated: see });
  informers.start();
  await informers.waitForSync();
  await client.patch(
    Deployments,
    { namespace: NAMESPACE, name: NAME },
    { type: "merge", body: { spec: { replicas: pods } } },
  );
  await until(async () => result.ready > 0, timeoutSeconds);
  await client.delete(Deployments, { namespace: NAMESPACE, name: NAME }, { propagationPolicy: "Background" });
  await until(async () => informer.lister.list().length === 0, timeoutSeconds);
  await informers.stop();
  return result;
}

function isBound(pod: Stored<Pod>): boolean {
  return (pod.spec?.nodeName ?? "") !== "";
}

export function isReady(pod: Stored<Pod>): boolean {
  return isConditionTrue(pod.status?.conditions, "Ready");
}
