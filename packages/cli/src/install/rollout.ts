import { setTimeout as sleep } from "node:timers/promises";
import { DaemonSets, Deployments, Nodes, Pods } from "@jdos/api";
import { isConditionTrue, isStatus, type KubeObject } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { CliError } from "../errors.ts";
import { keyOf, nameOf, typeOf } from "./objects.ts";

export interface RolloutOptions {
  signal: AbortSignal;
  timeoutSeconds: number;
  /** Told what is waited for when it changes. */
  say(message: string): void;
}

const PAUSE_MILLIS = 500;
const ROLLED_OUT = new Set(["Deployment", "DaemonSet"]);

export function isRolledOut({ kind = "" }: KubeObject): boolean {
  return ROLLED_OUT.has(kind);
}

/** Waits until every replica of a Deployment, or every Pod of a DaemonSet, is of the newest template and ready. */
export async function waitForRollout(
  client: Client,
  object: KubeObject,
  { signal, timeoutSeconds, say }: RolloutOptions,
): Promise<void> {
  const until = performance.now() + timeoutSeconds * 1000;
  let said = "";
  while (true) {
    const [found, away] = await Promise.all([
      client.get(typeOf(object), keyOf(object), { signal }),
      object.kind === "DaemonSet" ? nodesAway(client) : 0,
    ]);
    const state = progressOf(found, away);
    if (state.done) return;
    const trouble = await troubleOf(client, object);
    const message = trouble === undefined ? state.message : `${state.message}: ${trouble}`;
    if (message !== said) say(message);
    said = message;
    if (performance.now() > until)
      throw new CliError(
        "RolloutFailed",
        `Cannot finish: ${nameOf(object)} is not ready after ${timeoutSeconds} s: ${message}`,
        {
          hint: `See its Pods: kubectl describe pods -n ${object.metadata?.namespace} -l app.kubernetes.io/name=${object.metadata?.name}; then repeat the command`,
        },
      );
    await sleep(PAUSE_MILLIS, undefined, { signal });
  }
}

interface Workload {
  kind: string;
  metadata: { generation?: number };
  spec?: { replicas?: number };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    desiredNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberAvailable?: number;
  };
}

/** How far a Deployment or DaemonSet is. What a DaemonSet has on nodes that are away is not waited for. */
export function progressOf(object: object, away = 0): { done: boolean; message: string } {
  const { kind, metadata, spec, status = {} } = object as Workload;
  const seen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 1);
  const daemons = kind === "DaemonSet";
  const wanted = daemons ? Math.max(0, (status.desiredNumberScheduled ?? 0) - away) : (spec?.replicas ?? 1);
  const updated = (daemons ? status.updatedNumberScheduled : status.updatedReplicas) ?? 0;
  const available = (daemons ? status.numberAvailable : status.availableReplicas) ?? 0;
  const old = daemons ? 0 : (status.replicas ?? 0) - updated;
  return {
    done: seen && updated >= wanted && available >= wanted && old <= 0,
    message: `${seen ? Math.min(updated, available) : 0} of ${wanted} Pods ready`,
  };
}

/** How many nodes are not ready. Who may not look counts none. */
async function nodesAway(client: Client): Promise<number> {
  try {
    const { items } = await client.list(Nodes);
    return items.filter(({ status }) => !isConditionTrue(status?.conditions, "Ready")).length;
  } catch (error) {
    if (isStatus(error, "Forbidden")) return 0;
    throw error;
  }
}

/** Why a container of its Pods does not run; undefined while there is nothing to say. */
async function troubleOf(client: Client, { metadata }: KubeObject): Promise<string | undefined> {
  const { items } = await client.list(Pods, {
    namespace: metadata?.namespace ?? "",
    labelSelector: `app.kubernetes.io/name=${metadata?.name}`,
  });
  for (const { metadata: pod, status } of items) {
    const unscheduled = status?.conditions?.find(
      ({ type, status: is }) => type === "PodScheduled" && is === "False",
    );
    if (unscheduled !== undefined) return `Pod ${pod.name} has no node: ${unscheduled.message}`;
    for (const { state } of status?.containerStatuses ?? []) {
      const { reason, message } = state?.waiting ?? {};
      if (reason !== undefined && !["ContainerCreating", "PodInitializing"].includes(reason))
        return `Pod ${pod.name}: ${reason}${message === undefined ? "" : `: ${message}`}`;
    }
  }
  return undefined;
}

/** The platform's workloads as they are. */
export async function listWorkloads(client: Client, namespace: string) {
  const [deployments, daemons, away] = await Promise.all([
    client.list(Deployments, { namespace }),
    client.list(DaemonSets, { namespace }),
    nodesAway(client),
  ]);
  return [...deployments.items, ...daemons.items].map((object) => ({
    name: object.metadata.name,
    ...progressOf(object, away),
  }));
}
