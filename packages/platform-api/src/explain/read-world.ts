import {
  APPLICATION_LABEL,
  Applications,
  BUILD_CONTAINER,
  Builds,
  Deployments,
  type Event,
  Events,
  type Pod,
  Pods,
  podSelector,
  Releases,
  ResourceQuotas,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { readPodLog } from "../logs/pod-log.ts";
import { containerStatuses, deploymentOf, isBuildPod, isPodReady, newestBuild, wantedPods } from "./facts.ts";
import type { ContainerLog, World } from "./world.ts";

export interface ReadWorldOptions {
  client: Client;
  system: string;
  app: string;
  /** Images of this platform begin with it. */
  imagePrefix: string;
  signal?: AbortSignal;
}

/** Reads of no more Pods than this are made for one explanation. */
const MAX_PODS_WITH_LOGS = 3;
const TAIL_LINES = 50;

/** Everything explain() needs, as the client's person may see it. */
export async function readWorld(options: ReadWorldOptions): Promise<World> {
  const { client, system: namespace, app: name } = options;
  const application = await client.get(Applications, { namespace, name });
  const [builds, releases, deployments, pods, events, quotas] = await Promise.all([
    client.list(Builds, { namespace }),
    client.list(Releases, { namespace }),
    ifThere(client.list(Deployments, { namespace, labelSelector: `${APPLICATION_LABEL}=${name}` })),
    client.list(Pods, { namespace, labelSelector: podSelector(name) }),
    ifThere(client.list(Events, { namespace })),
    ifThere(client.list(ResourceQuotas, { namespace })),
  ]);
  const ofApplication = pods.items.filter((pod) => !isBuildPod(pod));
  const world: World = {
    application,
    builds: builds.items.filter(({ spec }) => spec.application === name),
    releases: releases.items.filter(({ spec }) => spec.application === name),
    deployment: deploymentOf(application, releases.items, deployments?.items ?? []),
    pods: ofApplication,
    events: (events?.items ?? []).filter((event) => concerns(event, name, ofApplication)),
    quotas: quotas?.items ?? [],
    logs: [],
    imagePrefix: options.imagePrefix,
  };
  return { ...world, logs: await readLogs(world, options) };
}

/** What is not there, or not the person's to see, is left out of the picture. */
async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isStatus(error, "NotFound", "Forbidden")) return undefined;
    throw error;
  }
}

/** Objects of an application are named for it: <app>, <app>-canary, <app>[-canary]-<hash>[-<suffix>], <app>-b3, <app>-v2. */
function concerns(event: Stored<Event>, app: string, pods: readonly Stored<Pod>[]): boolean {
  const { kind, name } = event.involvedObject;
  if (kind === "Pod") return pods.some((pod) => pod.metadata.name === name);
  return (
    name === app ||
    (name?.startsWith(`${app}-`) === true && /^(canary-)?[a-z0-9]+$/.test(name.slice(app.length + 1)))
  );
}

async function readLogs(world: World, options: ReadWorldOptions): Promise<ContainerLog[]> {
  const troubled = wantedPods(world)
    .filter((pod) => !isPodReady(pod) && pod.spec?.nodeName !== undefined)
    .slice(0, MAX_PODS_WITH_LOGS);
  const reads = troubled.flatMap((pod) =>
    containerStatuses(pod).flatMap(({ name, restartCount, state }) => {
      const started = state?.running !== undefined || state?.terminated !== undefined;
      return [
        ...(started ? [readTail(options, pod.metadata.name, name, false)] : []),
        ...(restartCount > 0 ? [readTail(options, pod.metadata.name, name, true)] : []),
      ];
    }),
  );
  const build = newestBuild(world);
  const buildPod = build?.status?.phase === "Failed" ? build.status.pod : undefined;
  if (buildPod !== undefined) reads.push(readTail(options, buildPod, BUILD_CONTAINER, false));
  return (await Promise.all(reads)).filter((log) => log !== undefined);
}

async function readTail(
  { client, system, signal }: ReadWorldOptions,
  pod: string,
  container: string,
  previous: boolean,
): Promise<ContainerLog | undefined> {
  const lines: string[] = [];
  try {
    const log = readPodLog({
      client,
      namespace: system,
      pod,
      container,
      previous,
      tailLines: TAIL_LINES,
      signal,
    });
    for await (const { line } of log) lines.push(line);
  } catch (error) {
    if (isStatus(error)) return undefined;
    throw error;
  }
  return { pod, container, previous, lines };
}
