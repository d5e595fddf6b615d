import type { LogLine, Pod } from "@jdos/api";
import { Pods, podSelector } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { type Client, followObjects, type Stored } from "@jdos/client";
import { isBuildPod } from "../explain/facts.ts";
import { Channel } from "../streams/channel.ts";
import { readPodLog } from "./pod-log.ts";

export interface ApplicationLogOptions {
  client: Client;
  system: string;
  app: string;
  pod?: string | undefined;
  container?: string | undefined;
  previous?: boolean | undefined;
  tailLines?: number | undefined;
  sinceSeconds?: number | undefined;
  signal: AbortSignal;
}

/** The log lines of these Pods as they are now, in the order of their times. */
export async function readLogs(
  pods: readonly Stored<Pod>[],
  options: ApplicationLogOptions,
): Promise<LogLine[]> {
  const perPod = await Promise.all(pods.map((pod) => collect(pod, options)));
  return perPod.flat().sort((a, b) => (a.time ?? "").localeCompare(b.time ?? ""));
}

async function collect(pod: Stored<Pod>, options: ApplicationLogOptions): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  try {
    for await (const line of linesOf(pod, options, false)) lines.push(line);
  } catch (error) {
    if (!isNotStarted(error)) throw error;
  }
  return lines;
}

/** A container that has not started yet has no log: the API server answers 400, a Pod that is gone 404. */
function isNotStarted(error: unknown): boolean {
  return isStatus(error, "BadRequest", "NotFound");
}

async function* linesOf(
  pod: Stored<Pod>,
  options: ApplicationLogOptions,
  follow: boolean,
): AsyncGenerator<LogLine> {
  const log = readPodLog({
    client: options.client,
    namespace: options.system,
    pod: pod.metadata.name,
    container: options.container ?? pod.spec?.containers[0]?.name,
    follow,
    previous: options.previous,
    tailLines: options.tailLines,
    sinceSeconds: options.sinceSeconds,
    signal: options.signal,
  });
  for await (const line of log) yield { pod: pod.metadata.name, ...line };
}

/**
 * Follows the logs of an application's Pods, those that come later too, until the signal fires. A Pod's log is
 * opened when its container first starts and again after a restart.
 */
export async function* followLogs(options: ApplicationLogOptions): AsyncGenerator<LogLine> {
  const channel = new Channel<LogLine>(1000);
  const open = new Set<string>();
  const follow = async (pod: Stored<Pod>, instance: string): Promise<void> => {
    try {
      for await (const line of linesOf(pod, options, true)) await channel.send(line);
    } catch (error) {
      if (isNotStarted(error)) open.delete(instance);
      else if (!options.signal.aborted) channel.fail(error);
    }
  };
  const watching = (async () => {
    const selection = {
      namespace: options.system,
      labelSelector: podSelector(options.app),
      signal: options.signal,
    };
    for await (const pods of followObjects(options.client, Pods, selection)) {
      for (const pod of pods) {
        const instance = runningInstance(pod, options);
        if (instance === undefined || open.has(instance)) continue;
        open.add(instance);
        void follow(pod, instance);
      }
    }
  })();
  watching.then(
    () => channel.close(),
    (error) => channel.fail(error),
  );
  yield* channel.receive(options.signal);
}

/** Names the running instance of the wanted container, by which it is followed once. */
function runningInstance(pod: Stored<Pod>, options: ApplicationLogOptions): string | undefined {
  if (isBuildPod(pod) || (options.pod !== undefined && pod.metadata.name !== options.pod)) return undefined;
  const container = options.container ?? pod.spec?.containers[0]?.name;
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container);
  if (status?.state?.running === undefined && status?.state?.terminated === undefined) return undefined;
  return `${pod.metadata.uid}/${status.name}/${status.restartCount}`;
}
