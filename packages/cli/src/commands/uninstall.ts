import type { CommandContext, Input } from "../command.ts";
import { leftovers } from "../install/leftovers.ts";
import type { ObjectRecord } from "../install/objects.ts";
import { type Installation, readInstallation, writeInstallation } from "../install/record.ts";
import { type ClusterSession, withCluster } from "../install/session.ts";
import { type ApplicationsChoice, deleteSystems, readChoice } from "../install/uninstall/applications.ts";
import { removeAndWait, removeObjects, stopPart } from "../install/uninstall/remove.ts";
import { checkUninstallRights } from "../install/uninstall/rights.ts";
import { setFree } from "../install/uninstall/set-free.ts";

export interface Uninstalled {
  server: string;
  applications: ApplicationsChoice;
  systems: number;
  objects: number;
}

const DEFAULT_TIMEOUT_SECONDS = 600;

/**
 * Removes the platform from a cluster, and applications if that is asked for. The namespace with the record of what
 * there is goes last: broken off, it goes on from what is left when it is repeated.
 */
export async function run(input: Input, context: CommandContext): Promise<Uninstalled> {
  const applications = readChoice(input.options.applications);
  const timeoutSeconds = Number(input.options.timeout ?? DEFAULT_TIMEOUT_SECONDS);
  return withCluster(context, async (session) => {
    const { client, server } = session;
    const present = await readInstallation(client);
    const records = present?.objects ?? (await leftovers(client));
    await checkUninstallRights(client, { records, applications });
    if (present !== undefined) await writeInstallation(client, { ...present, state: "Uninstalling" });
    const removal: Removal = { session, records, timeoutSeconds, signal: context.signal };
    const systems = await endApplications(removal, applications);
    await removePlatform(removal, present);
    return { server, applications, systems, objects: records.length };
  });
}

interface Removal {
  session: ClusterSession;
  records: readonly ObjectRecord[];
  timeoutSeconds: number;
  signal: AbortSignal;
}

async function endApplications(
  { session: { client, run }, records, timeoutSeconds, signal }: Removal,
  applications: ApplicationsChoice,
): Promise<number> {
  if (applications === "delete")
    return run("applications", (say) => deleteSystems(client, { signal, timeoutSeconds, say }));
  const controllers = records.find(
    ({ kind, name }) => kind === "Deployment" && name === "platform-controllers",
  );
  return run("applications", async (say) => {
    if (controllers !== undefined) await stopPart(client, controllers, { signal, timeoutSeconds, say });
    return setFree(client, { signal, say });
  });
}

async function removePlatform(
  { session: { client, run }, records, timeoutSeconds, signal }: Removal,
  present: Installation | undefined,
): Promise<void> {
  const of = (kind: string) => records.filter((record) => record.kind === kind);
  const rest = records.filter(({ kind }) => kind !== "CustomResourceDefinition" && kind !== "Namespace");
  await run("definitions", (say) =>
    removeAndWait(client, of("CustomResourceDefinition"), { signal, timeoutSeconds, say }),
  );
  await run("parts", (say) => removeObjects(client, rest, { signal, say }));
  if (present === undefined && of("Namespace").length === 0) return;
  await run("namespace", (say) => removeAndWait(client, of("Namespace"), { signal, timeoutSeconds, say }));
}

export function present({ server, applications, systems, objects }: Uninstalled): string {
  if (objects === 0) return `The cluster at ${server} has nothing of JDOS`;
  const what =
    applications === "delete"
      ? `${systems} systems were deleted`
      : `the applications of ${systems} systems run on; with JDOS's own routes they are no longer reached by name`;
  return `JDOS is removed from the cluster at ${server}: ${what}`;
}
