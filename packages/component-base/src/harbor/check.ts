import { type HarborClient, notHarbor } from "./client.ts";
import { HarborError } from "./errors.ts";

/** Found at a Harbor that may be used. */
export interface HarborFacts {
  version: string;
  username: string;
}

/**
 * Whether Harbor is there and its account may do what Systems need; changes nothing.
 *
 * @throws HarborError HarborUnreachable, NotHarbor, HarborUnauthorized, HarborForbidden
 */
export async function checkHarbor(
  client: HarborClient,
  { url, quotas }: { url: string; quotas: boolean },
): Promise<HarborFacts> {
  const info = await client.info().catch((error: unknown) => {
    if (error instanceof HarborError && error.status === 404)
      throw notHarbor(url, "it has no API of version 2.0");
    throw error;
  });
  if (typeof info !== "object" || info === null || info.auth_mode === undefined)
    throw notHarbor(url, "what answers there is something else");
  const user = await client.currentUser().catch((error: unknown) => {
    if (!(error instanceof HarborError) || error.status !== 412) throw error;
    throw forbidden("its account is a robot account", "Give an account of a user: robots own no projects");
  });
  const isAdministrator = user.sysadmin_flag === true;
  if (!isAdministrator && info.project_creation_restriction !== "everyone")
    throw forbidden(
      `user "${user.username}" may not create projects`,
      "Let everyone create projects (Configuration, System Settings), or make the account a system administrator",
    );
  if (quotas && !isAdministrator)
    throw forbidden(
      `user "${user.username}" may not set quotas`,
      "Make the account a system administrator, or set registry.harbor.quota: none",
    );
  if (info.read_only === true) throw forbidden("it is read only", "Switch that off in its System Settings");
  return { version: info.harbor_version ?? "unknown", username: user.username };
}

function forbidden(state: string, hint: string): HarborError {
  return new HarborError("HarborForbidden", `Cannot use Harbor: ${state}`, { hint });
}
