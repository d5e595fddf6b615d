import { type Application, Applications } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { PlatformError } from "../errors.ts";
import { requireSystem } from "./systems.ts";

export type AppParams = { system: string; app: string };

export function newApplication({ system, app }: AppParams, spec: Application["spec"]): Application {
  return { apiVersion: "jdos.io/v1", kind: "Application", metadata: { namespace: system, name: app }, spec };
}

/** @throws PlatformError NotFound that says which of the two is missing */
export async function requireApplication(
  client: Client,
  { system, app }: AppParams,
): Promise<Stored<Application>> {
  try {
    return await client.get(Applications, { namespace: system, name: app });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    await requireSystem(client, system);
    throw new PlatformError("NotFound", `Cannot find application "${app}" in system "${system}"`, {
      hint: `See what there is: jdos app list --system ${system}; or deploy it: jdos deploy PATH --system ${system} --app ${app}`,
      cause: error,
    });
  }
}
