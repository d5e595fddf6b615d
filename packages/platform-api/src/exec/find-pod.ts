import { Applications, type Pod, Pods, podSelector } from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import { PlatformError } from "../errors.ts";
import { isBuildPod, isPodReady } from "../explain/facts.ts";

export interface FindPodOptions {
  client: Client;
  system: string;
  app: string;
  /** Must belong to the application. */
  pod?: string | undefined;
}

/** The Pods of an application, without those of its builds, by name. */
export async function podsOf({ client, system, app }: FindPodOptions): Promise<readonly Stored<Pod>[]> {
  const [, pods] = await Promise.all([
    client.get(Applications, { namespace: system, name: app }),
    client.list(Pods, { namespace: system, labelSelector: podSelector(app) }),
  ]);
  return pods.items
    .filter((pod) => !isBuildPod(pod))
    .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

/** The named Pod, else a ready one, else a running one. */
export async function findPod(options: FindPodOptions): Promise<Stored<Pod>> {
  const pods = await podsOf(options);
  const flags = `--system ${options.system} --app ${options.app}`;
  if (options.pod !== undefined) {
    const named = pods.find(({ metadata }) => metadata.name === options.pod);
    if (named !== undefined) return named;
    throw new PlatformError("NotFound", `Cannot find Pod "${options.pod}" of application "${options.app}"`, {
      hint: `See its Pods: jdos ps ${flags}`,
    });
  }
  const found =
    pods.find(isPodReady) ??
    pods.find(
      ({ status, metadata }) => status?.phase === "Running" && metadata.deletionTimestamp === undefined,
    );
  if (found === undefined) {
    throw new PlatformError(
      "NoPod",
      `Cannot enter application "${options.app}": none of its Pods is running`,
      { hint: `See why: jdos why ${flags}` },
    );
  }
  return found;
}
