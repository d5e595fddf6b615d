import { Releases, Systems } from "@jdos/api";
import { type Freeze, freezeAt, freezeSentence } from "@jdos/api/freeze";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { PlatformError } from "../errors.ts";
import type { Session } from "./context.ts";
import type { AppParams } from "./find-application.ts";

/** The freeze of a system that is on. Who may not see the system is stopped by the controllers. */
export async function freezeOf(client: Client, system: string): Promise<Freeze | undefined> {
  try {
    return freezeAt((await client.get(Systems, { name: system })).spec.freezeWindows, new Date());
  } catch (error) {
    if (isStatus(error, "NotFound", "Forbidden")) return undefined;
    throw error;
  }
}

/**
 * Lets a change pass where there is no freeze, or where an owner forces it. Answers who does.
 * @throws PlatformError Frozen; Forbidden when somebody else forces it
 */
export async function passFreeze(
  { client, person }: Session,
  { system, app }: AppParams,
  force: boolean | undefined,
): Promise<string | undefined> {
  const freeze = await freezeOf(client, system);
  if (freeze === undefined) return undefined;
  if (force !== true)
    throw new PlatformError(
      "Frozen",
      `Cannot change what application "${app}" runs: system "${system}" is frozen ${freezeSentence(freeze)}`,
      {
        hint: `Wait until ${freeze.until.toISOString()}; in an emergency an owner goes before it with --force. See the windows: jdos system freeze list --system ${system}`,
      },
    );
  if (!(await isOwner(client, { system, app })))
    throw new PlatformError(
      "Forbidden",
      `Cannot force a change in system "${system}" while it is frozen: "${person.name}" is not its owner`,
      { hint: "Ask an owner of the system" },
    );
  return person.name;
}

/** Asked of the API server: an owner may write Releases, other members may not. */
async function isOwner(client: Client, { system, app }: AppParams): Promise<boolean> {
  try {
    await client.create(
      Releases,
      {
        metadata: { generateName: `${app}-force-`, namespace: system },
        spec: { application: app, number: 1, image: "none", run: {}, hash: "0".repeat(64) },
      },
      { dryRun: true },
    );
    return true;
  } catch (error) {
    if (isStatus(error, "Forbidden")) return false;
    throw error;
  }
}
