import { Applications } from "@jdos/api";
import type { Client } from "@jdos/client";
import type { Clock, Logger, Running } from "@jdos/component-base";
import type { Git } from "./git.ts";
import type { Repositories } from "./repositories.ts";
import type { RepositoryName } from "./repository-name.ts";

export interface KeeperOptions {
  /** As the git server itself: it lists Applications. */
  client: Pick<Client, "list">;
  git: Git;
  repositories: Repositories;
  log: Logger;
  signal: AbortSignal;
}

/** Removes the repositories of Applications that are gone, and packs those that have grown. */
export async function tidyUp(options: KeeperOptions): Promise<void> {
  const { client, repositories, log, signal } = options;
  const names = await repositories.list();
  // Read before the Applications are: whoever is bound by then is in the list.
  const owners = new Map<RepositoryName, string | undefined>();
  for (const name of names) owners.set(name, await repositories.owner(name));
  const { items } = await client.list(Applications, { signal });
  const present = new Set(items.map(({ metadata }) => metadata.uid));
  for (const [name, owner] of owners) {
    signal.throwIfAborted();
    if (owner === undefined || owner === "") continue;
    if (present.has(owner)) await pack(name, options);
    else {
      await repositories.removeOf(name, owner);
      log.info({ ...name }, "Removed the repository of an application that is gone");
    }
  }
}

async function pack(name: RepositoryName, { git, repositories, log, signal }: KeeperOptions): Promise<void> {
  const args = ["-c", "gc.autoDetach=false", "gc", "--auto", "--quiet"];
  await git
    .run(repositories.pathOf(name), args, { signal, timeoutSeconds: PACK_SECONDS })
    .catch((error: unknown) => log.warn({ err: error, ...name }, "Cannot pack a repository"));
}

const PACK_SECONDS = 600;
const FIRST_MILLIS = 60_000;
const EVERY_MILLIS = 3600_000;

/** Tidies up soon after the start and every hour. */
export function startKeeper(
  options: Omit<KeeperOptions, "signal"> & { clock: Pick<Clock, "schedule"> },
): Running {
  const stopping = new AbortController();
  let running = Promise.resolve();
  const next = (millis: number) =>
    options.clock.schedule(millis, () => {
      running = tidyUp({ ...options, signal: stopping.signal })
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) options.log.warn({ err: error }, "Cannot tidy up the repositories");
        })
        .then(() => {
          if (!stopping.signal.aborted) timer = next(EVERY_MILLIS);
        });
    });
  let timer = next(FIRST_MILLIS);
  return {
    async stop() {
      stopping.abort();
      timer.cancel();
      await running;
    },
  };
}
