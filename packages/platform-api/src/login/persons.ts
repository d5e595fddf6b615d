import type { UserInfo } from "@jdos/client";
import { PlatformError } from "../errors.ts";

/** Whom the cluster knows and this API may act as; "*": everybody. */
export interface Persons {
  /** Names of users; "system:serviceaccount:NAMESPACE:NAME" for service accounts. */
  users: readonly string[];
  /** Groups a person brings along; others are left behind. */
  groups: readonly string[];
}

export const EVERYBODY: Persons = { users: ["*"], groups: ["*"] };

/** Who says that a person is logged in at all. */
const AUTHENTICATED = "system:authenticated";

/**
 * The person with the groups that this API may speak for.
 * @throws PlatformError PersonNotServed for somebody who is known to the cluster and not named here
 */
export function servedPerson({ name, groups = [] }: UserInfo, persons: Persons): UserInfo {
  const kept = groups.filter((group) => group === AUTHENTICATED || includes(persons.groups, group));
  const byGroup = kept.some((group) => group !== AUTHENTICATED && persons.groups.includes(group));
  if (!includes(persons.users, name) && !byGroup) {
    throw new PlatformError(
      "PersonNotServed",
      `Cannot act as "${name}": the platform may not act for this user`,
      {
        hint: "Add the name to login.users of the values file and run: jdos upgrade; or take the administrator's token in JDOS_TOKEN",
      },
    );
  }
  return { name, groups: kept };
}

function includes(list: readonly string[], name: string): boolean {
  return list.includes("*") || list.includes(name);
}
