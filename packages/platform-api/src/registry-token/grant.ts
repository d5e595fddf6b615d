import type { Access } from "./scope.ts";

/** Who speaks to the registry. */
export type RegistryIdentity =
  | { kind: "admin" }
  /** The kubelet: pulls everything. */
  | { kind: "node" }
  /** What keeps the registry small and looks for newer bases: reads everything, deletes what applications pushed. */
  | { kind: "retention" }
  /** A build of one application. */
  | { kind: "application"; system: string; app: string };

/** Images of the platform itself, which every application may build on. */
const PLATFORM_PREFIX = "jdos/";

/** The part of what is asked for that the identity may have; an empty list of actions leaves the scope out. */
export function grant(identity: RegistryIdentity, asked: readonly Access[]): Access[] {
  return asked
    .map((access) => ({
      ...access,
      actions: access.actions.filter((action) => isAllowed(identity, access, action)),
    }))
    .filter(({ actions }) => actions.length > 0);
}

function isAllowed(identity: RegistryIdentity, { type, name }: Access, action: string): boolean {
  if (identity.kind === "admin") return true;
  if (type !== "repository") return false;
  if (identity.kind === "node") return action === "pull";
  if (identity.kind === "retention")
    return action === "pull" || (action === "delete" && !name.startsWith(PLATFORM_PREFIX));
  if (name === `${identity.system}/${identity.app}`) return action === "pull" || action === "push";
  return name.startsWith(PLATFORM_PREFIX) && action === "pull";
}
