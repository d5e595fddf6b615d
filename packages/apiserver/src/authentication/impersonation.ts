import { StatusError } from "@jdos/apimachinery";
import { authorize } from "../authorization/authorize.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import type { User } from "../registry/call.ts";
import { withSystemGroups } from "./groups.ts";

const EXTRA = "impersonate-extra-";
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

export interface Impersonation {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What the Impersonate-* headers ask for; undefined when there are none. */
export function impersonationOf(
  headers: (name: string) => readonly string[],
  names: readonly string[],
): Impersonation | undefined {
  const name = headers("impersonate-user")[0];
  if (name === undefined || name === "") return undefined;
  const extra = names
    .filter((header) => header.startsWith(EXTRA))
    .map((header) => [decodeKey(header.slice(EXTRA.length)), headers(header)] as const);
  return { name, groups: headers("impersonate-group"), extra: Object.fromEntries(extra) };
}

function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new StatusError(
      "BadRequest",
      `the header "Impersonate-Extra-${text}" is not percent-encoded well`,
      { cause: error },
    );
  }
}

/**
 * The person a user becomes.
 * @throws StatusError Forbidden when the user may not be that person
 */
export function impersonate(
  authorizer: Authorizer,
  user: User,
  { name, groups = [], extra = {} }: Impersonation,
): User {
  const account = SERVICE_ACCOUNT.exec(name);
  const ask = (
    group: string,
    resource: string,
    what: string,
    rest: { namespace?: string; subresource?: string } = {},
  ) => authorize(authorizer, { user, verb: "impersonate", group, resource, name: what, ...rest });
  if (account === null) ask("", "users", name);
  else ask("", "serviceaccounts", account[2]!, { namespace: account[1]! });
  for (const group of groups) ask("", "groups", group);
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) ask("authentication.k8s.io", "userextras", value, { subresource: key });
  }
  return {
    name,
    groups: withSystemGroups(name, groups),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}
