import type { User } from "../registry/call.ts";

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

export const ANONYMOUS: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** The groups everyone has who is known: system:authenticated, and those of service accounts. */
export function withSystemGroups(name: string, groups: readonly string[] = []): readonly string[] {
  if (name === ANONYMOUS.name) return [...new Set([...groups, "system:unauthenticated"])];
  const account = SERVICE_ACCOUNT.exec(name);
  const own = account === null ? [] : ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`];
  return [...new Set([...groups, ...own, "system:authenticated"])];
}
