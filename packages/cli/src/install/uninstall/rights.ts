import { Applications, Builds, Namespaces, Releases, Systems } from "@jdos/api";
import type { Client } from "@jdos/client";
import { type ObjectRecord, objectOf } from "../objects.ts";
import { type Ask, checkAsks, checkVerbs } from "../preflight/rights.ts";
import { type ApplicationsChoice, listSystems } from "./applications.ts";
import { namespacedTypes } from "./namespaced-types.ts";

export interface UninstallRights {
  records: readonly ObjectRecord[];
  applications: ApplicationsChoice;
}

/**
 * Whether this kubeconfig may do all that an uninstall needs, before anything is done.
 * @throws CliError MissingRights with what is missing
 */
export async function checkUninstallRights(
  client: Client,
  { records, applications }: UninstallRights,
): Promise<void> {
  await checkVerbs(client, records.map(objectOf), ["get", "delete"]);
  const list = (type: Ask["type"], ...verbs: string[]): Ask => ({ type, verbs: ["list", ...verbs] });
  if (applications === "delete") return checkAsks(client, [list(Systems, "delete")]);
  await checkAsks(
    client,
    [Systems, Applications, Builds, Releases].map((type) => list(type, "patch")),
  );
  if ((await listSystems(client)).length === 0) return;
  const types = await namespacedTypes(client);
  await checkAsks(client, [
    { type: Namespaces, verbs: ["get", "patch"] },
    ...types.map((type) => list(type)),
  ]);
}
