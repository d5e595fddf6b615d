import type { KubeObject } from "@jdos/apimachinery";
import type { ManagedFields } from "../apply/managers.ts";
import { track } from "../apply/track.ts";
import type { StoredObject } from "../storage/event.ts";
import type { Call, Core, WriteCallOptions } from "./call.ts";
import { mergeSchemaOf } from "./merge-schemas.ts";

/**
 * Sets metadata.managedFields of a write. Who holds which field is recorded from the first server-side apply on:
 * objects that nobody applies cost nothing. A client cannot set it; it can clear it, with an empty list.
 */
export function recordManager(
  core: Core,
  call: Call,
  write: {
    object: KubeObject;
    old: StoredObject | undefined;
    options: WriteCallOptions & { managedFields?: ManagedFields };
  },
): void {
  const { object, old, options } = write;
  const metadata = object.metadata!;
  const next =
    options.managedFields ??
    (isCleared(metadata.managedFields) ? [] : tracked(core, call, { object, old, options }));
  if (next.length === 0) delete metadata.managedFields;
  else metadata.managedFields = next;
}

/** An empty list, or one with an empty entry. */
function isCleared(given: ManagedFields | undefined): boolean {
  return (
    given !== undefined && (given.length === 0 || (given.length === 1 && Object.keys(given[0]!).length === 0))
  );
}

function tracked(
  core: Core,
  call: Call,
  { object, old, options }: { object: KubeObject; old: StoredObject | undefined; options: WriteCallOptions },
): ManagedFields {
  if (old?.metadata.managedFields === undefined) return [];
  const { strategy, type } = call.endpoint;
  return track({
    type,
    schema: mergeSchemaOf(strategy),
    old,
    object,
    manager: options.fieldManager ?? options.agent ?? call.user.name,
    subresource: call.subresource ?? "",
    now: core.now(),
  });
}
