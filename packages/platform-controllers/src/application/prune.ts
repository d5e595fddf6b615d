import { type Application, type Build, Builds, isBuildEnded, type Release, Releases } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

const DEFAULT_HISTORY = 10;

export interface History {
  readonly application: Stored<Application>;
  readonly releases: readonly Stored<Release>[];
  readonly builds: readonly Stored<Build>[];
  /** Numbers of the Releases that Pods run. */
  readonly running: ReadonlySet<number>;
}

/** Releases and Builds beyond the limit, oldest first; never what runs, is wanted, or is under way. */
export function surplus({ application, releases, builds, running }: History): {
  releases: Stored<Release>[];
  builds: Stored<Build>[];
} {
  const limit = application.spec.historyLimit ?? DEFAULT_HISTORY;
  const { release, rollbackTo } = application.spec;
  const inUse = new Set([...running, release, rollbackTo, application.status?.currentRelease]);
  // A newer Release than the current one is one that somebody may be about to make current: it takes no place.
  const idle = releases.filter(
    ({ spec }) => !inUse.has(spec.number) && (release === undefined || spec.number < release),
  );
  const old = newestFirst(idle).slice(limit);
  const gone = new Set(old.map(({ metadata }) => metadata.name));
  const needed = new Set(
    releases.filter(({ metadata }) => !gone.has(metadata.name)).map(({ spec }) => spec.build),
  );
  const ended = newestFirst(builds.filter(isBuildEnded));
  return {
    releases: old.reverse(),
    builds: ended
      .slice(limit)
      .filter(({ metadata }) => !needed.has(metadata.name))
      .reverse(),
  };
}

export async function prune(client: Client, history: History): Promise<void> {
  const { releases, builds } = surplus(history);
  for (const { metadata } of releases)
    await remove(() => client.delete(Releases, { namespace: metadata.namespace ?? "", name: metadata.name }));
  for (const { metadata } of builds) {
    await remove(() =>
      client.delete(
        Builds,
        { namespace: metadata.namespace ?? "", name: metadata.name },
        { propagationPolicy: "Background" },
      ),
    );
  }
}

async function remove(call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

function newestFirst<T extends { readonly spec: { readonly number: number } }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => b.spec.number - a.spec.number);
}
