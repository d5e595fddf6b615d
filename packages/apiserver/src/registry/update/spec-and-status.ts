import { deepEqual, type KubeObject } from "@jdos/apimachinery";

type Members = KubeObject & { spec?: unknown; status?: unknown };

/** Creation of a Kind with a status subresource: a client sets no status; generation begins at 1. */
export function createWithGeneration(object: KubeObject): void {
  delete (object as Members).status;
  object.metadata = { ...object.metadata, generation: 1 };
}

/**
 * Update of a Kind whose spec and status are written apart. On the main resource the status stays as stored and a
 * changed spec bumps the generation; on `status` everything but the status stays as stored.
 */
export function updateWithGeneration(
  object: KubeObject,
  old: KubeObject,
  subresource: string | undefined,
): void {
  if (separateStatus(object, old, subresource)) return;
  const generation = old.metadata?.generation ?? 0;
  const changed = !deepEqual((object as Members).spec, (old as Members).spec);
  object.metadata = { ...object.metadata, generation: changed ? generation + 1 : generation };
}

/** The same for Kinds without generation. Returns true when it was a write of the status. */
export function separateStatus(
  object: KubeObject,
  old: KubeObject,
  subresource: string | undefined,
): boolean {
  const next = object as Members & Record<string, unknown>;
  const stored = old as Members & Record<string, unknown>;
  if (subresource === "status") {
    keepAllBut(["apiVersion", "kind", "metadata", "status"], next, stored);
    object.metadata = { ...object.metadata, ...keptMeta(old) };
    return true;
  }
  if (stored.status === undefined) delete next.status;
  else next.status = stored.status;
  return false;
}

function keptMeta(old: KubeObject): KubeObject["metadata"] {
  const { labels, ownerReferences, generation } = old.metadata ?? {};
  return { labels, ownerReferences, generation };
}

function keepAllBut(
  members: readonly string[],
  next: Record<string, unknown>,
  stored: Record<string, unknown>,
): void {
  for (const member of new Set([...Object.keys(next), ...Object.keys(stored)])) {
    if (members.includes(member)) continue;
    if (stored[member] === undefined) delete next[member];
    else next[member] = stored[member];
  }
}
