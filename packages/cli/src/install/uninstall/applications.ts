import { Systems } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { CliError, usage } from "../../errors.ts";

export type ApplicationsChoice = "keep" | "delete";

/** What becomes of applications has to be said. @throws CliError Usage */
export function readChoice(given: unknown): ApplicationsChoice {
  if (given === "keep" || given === "delete") return given;
  if (given !== undefined)
    throw usage(`Cannot uninstall: --applications "${given}" is neither keep nor delete`, CHOICES);
  throw usage("Cannot uninstall: --applications does not say what becomes of what runs", CHOICES);
}

const CHOICES =
  "--applications keep leaves Deployments, Services and Ingresses running, without the platform; --applications delete removes every system with all that is in it";

const PAUSE_MILLIS = 500;

export interface DeleteSystemsOptions {
  signal: AbortSignal;
  timeoutSeconds: number;
  say(message: string): void;
}

/** Deletes every System and waits until the controllers have emptied and removed their namespaces. */
export async function deleteSystems(
  client: Client,
  { signal, timeoutSeconds, say }: DeleteSystemsOptions,
): Promise<number> {
  const until = performance.now() + timeoutSeconds * 1000;
  let removed = 0;
  while (true) {
    signal.throwIfAborted();
    const systems = await listSystems(client);
    if (systems.length === 0) return removed;
    removed = Math.max(removed, systems.length);
    for (const { metadata } of systems)
      if (metadata.deletionTimestamp === undefined) await client.delete(Systems, { name: metadata.name });
    const [first] = systems;
    say(`${systems.length} left: ${first!.metadata.name}`);
    if (performance.now() > until)
      throw new CliError(
        "Timeout",
        `Cannot finish: system "${first!.metadata.name}" is not gone after ${timeoutSeconds} s`,
        {
          hint: `See what holds it: kubectl describe system ${first!.metadata.name}; then repeat the command`,
        },
      );
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
  }
}

/** Every System; none where their definition is gone already. */
export async function listSystems(client: Client) {
  try {
    return (await client.list(Systems)).items;
  } catch (error) {
    if (isStatus(error, "NotFound")) return [];
    throw error;
  }
}
