import type { KubeObject } from "@jdos/apimachinery";
import type { StoredObject } from "../storage/event.ts";

/**
 * metadata.managedFields belongs to server-side apply alone: other writes keep what is stored and a client cannot
 * set it, except to clear it.
 */
export function recordManager(
  object: KubeObject,
  old: StoredObject | undefined,
  _by: { manager: string | undefined; now: Date },
): void {
  const metadata = object.metadata!;
  const kept = old?.metadata.managedFields;
  if (kept === undefined) delete metadata.managedFields;
  else metadata.managedFields = kept as NonNullable<typeof metadata.managedFields>;
}
