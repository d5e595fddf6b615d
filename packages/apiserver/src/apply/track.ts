import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import type { StoredObject } from "../storage/event.ts";
import { FieldSet } from "./field-set.ts";
import {
  isSame,
  type ManagedFields,
  newManager,
  ownable,
  readManagers,
  withFields,
  writeManagers,
} from "./managers.ts";
import type { MergeSchema } from "./merge-schema.ts";
import { changedFields, fieldsOf } from "./walk.ts";

export interface TrackRequest {
  readonly type: ResourceType;
  readonly schema: MergeSchema;
  readonly old: StoredObject;
  readonly object: KubeObject;
  readonly manager: string;
  readonly subresource: string;
  readonly now: Date;
}

/** Who holds what after a write that is no apply: what it changed is the writer's, what it removed is nobody's. */
export function track({ type, schema, old, object, manager, subresource, now }: TrackRequest): ManagedFields {
  const managers = readManagers(old.metadata.managedFields);
  const changed = ownable(changedFields(old, object, schema));
  const gone = ownable(fieldsOf(old, schema)).minus(ownable(fieldsOf(object, schema)));
  if (changed.isEmpty && gone.isEmpty) return writeManagers(managers);
  const key = { name: manager, operation: "Update", subresource } as const;
  const own = managers.find((each) => isSame(each, key));
  const others = managers
    .filter((each) => each !== own)
    .map((each) => withFields(each, each.fields.minus(changed).minus(gone), now));
  const fields = (own?.fields ?? new FieldSet()).plus(changed).minus(gone);
  const next = own === undefined ? newManager(key, type, fields, now) : withFields(own, fields, now);
  return writeManagers([...others, next]);
}
