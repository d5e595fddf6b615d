import { type AccessView, type Application, Applications, Builds } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { Session } from "./context.ts";
import { type AppParams, newApplication } from "./find-application.ts";
import { requireSystem } from "./systems.ts";

/**
 * What a person may do, asked of the API server itself, which keeps the rules, by writes that are not done.
 * @throws PlatformError NotFound where the system is missing
 */
export async function readAccess({ client, person }: Session, params: AppParams): Promise<AccessView> {
  const { system, app: application } = params;
  await requireSystem(client, system);
  const found = await find(client, params);
  const refusal = await refusalOf(async () => {
    if (found === undefined) await client.create(Applications, newApplication(params, {}), { dryRun: true });
    await mayBuild(client, params);
  });
  return {
    system,
    application,
    exists: found !== undefined && found !== "hidden",
    ...(found === undefined || found === "hidden" ? {} : { uid: found.metadata.uid }),
    person: person.name,
    read: found !== "hidden",
    deploy: found !== "hidden" && refusal === undefined,
    ...(refusal === undefined ? {} : { message: refusal }),
    ...(found === undefined || found === "hidden" || found.spec.triggers === undefined
      ? {}
      : { triggers: found.spec.triggers as NonNullable<AccessView["triggers"]> }),
  };
}

/** Only who may create a Build may upload its source. */
export async function mayBuild(client: Client, { system, app }: AppParams): Promise<void> {
  await requireSystem(client, system);
  const bundle = { digest: `sha256:${"0".repeat(64)}` };
  await client.create(
    Builds,
    {
      apiVersion: "jdos.io/v1",
      kind: "Build",
      metadata: { generateName: `${app}-upload-`, namespace: system },
      spec: { application: app, number: 1, source: { bundle } },
    },
    { dryRun: true },
  );
}

async function find(
  client: Client,
  { system, app }: AppParams,
): Promise<Stored<Application> | "hidden" | undefined> {
  try {
    return await client.get(Applications, { namespace: system, name: app });
  } catch (error) {
    if (isStatus(error, "Forbidden")) return "hidden";
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

/** Why the person may not; undefined: they may. */
async function refusalOf(attempt: () => Promise<void>): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (isStatus(error, "Forbidden")) return error.message;
    throw error;
  }
}
