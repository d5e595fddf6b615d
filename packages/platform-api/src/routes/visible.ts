import { type Application, Applications, type System, Systems } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { PlatformError } from "../errors.ts";

/** Lists at once for one request. */
const AT_ONCE = 16;

/**
 * The applications that a person may see: all at once for who may, else those of each System that opens its own to
 * them.
 * @throws PlatformError Forbidden when the person may not see which Systems there are
 */
export async function visibleApplications(client: Client): Promise<readonly Stored<Application>[]> {
  const all = await unlessForbidden(client.list(Applications));
  if (all !== undefined) return all.items;
  const names = (await visibleSystems(client)).map(({ metadata }) => metadata.name);
  const found: (readonly Stored<Application>[])[] = [];
  const queue = names.entries();
  const work = async (): Promise<void> => {
    for (const [index, namespace] of queue)
      found[index] = (await unlessForbidden(client.list(Applications, { namespace })))?.items ?? [];
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found.flat();
}

/** The Systems, for who may see which there are. @throws PlatformError Forbidden */
export async function visibleSystems(client: Client): Promise<readonly Stored<System>[]> {
  try {
    return (await client.list(Systems)).items;
  } catch (cause) {
    if (!isStatus(cause, "Forbidden")) throw cause;
    throw new PlatformError("Forbidden", `Cannot tell which systems there are: ${cause.message}`, {
      hint: "Name one that you are a member of, as in: jdos app list --system NAME; an administrator can let you see all (ClusterRole jdos-person)",
      cause,
    });
  }
}

async function unlessForbidden<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isStatus(error, "Forbidden")) return undefined;
    throw error;
  }
}
