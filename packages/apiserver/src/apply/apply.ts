import { deepCopy, type KubeObject, type ResourceType, StatusError } from "@jdos/apimachinery";
import { type FieldSet, formatPath } from "./field-set.ts";
import {
  isSame,
  type ManagedFields,
  type Manager,
  newManager,
  ownable,
  readManagers,
  withFields,
  writeManagers,
} from "./managers.ts";
import type { MergeSchema } from "./merge-schema.ts";
import { changedFields, fieldsOf, merge, removeFields } from "./walk.ts";

export interface ApplyRequest {
  readonly type: ResourceType;
  readonly schema: MergeSchema;
  /** The present object, a copy that is the result's to keep; undefined: there is none. */
  readonly live: KubeObject | undefined;
  readonly applied: KubeObject;
  readonly manager: string;
  readonly subresource: string;
  readonly force: boolean;
  readonly now: Date;
}

export interface Applied {
  readonly object: KubeObject;
  readonly managedFields: ManagedFields;
}

const BEFORE = "before-first-apply";

/**
 * Server-side apply: what the manager says is put into the object, what it said before and says no longer is taken
 * out, and what others hold with another value is a conflict, unless forced.
 * @throws StatusError Conflict
 */
export function apply(request: ApplyRequest): Applied {
  const { type, schema, live, applied, manager, subresource, force, now } = request;
  const key = { name: manager, operation: "Apply", subresource } as const;
  const wanted = ownable(fieldsOf(applied, schema));
  if (live === undefined)
    return { object: applied, managedFields: writeManagers([newManager(key, type, wanted, now)]) };
  const managers = managersOf(request, live);
  const own = managers.find((each) => isSame(each, key));
  const differing = wanted.and(
    ownable(changedFields(live, merge(deepCopy(live), deepCopy(applied), schema), schema)),
  );
  const conflicts = managers
    .filter((each) => each !== own)
    .map((each) => ({ manager: each, fields: each.fields.and(differing) }))
    .filter(({ fields }) => !fields.isEmpty);
  if (conflicts.length > 0 && !force) throw conflict(conflicts, type);
  const others = managers
    .filter((each) => each !== own)
    .map((each) => withFields(each, each.fields.minus(differing), now));
  const object = merge(live, applied, schema) as KubeObject;
  const kept = others.reduce((sum, each) => sum.plus(each.fields), wanted);
  if (own !== undefined) removeFields(object, own.fields.minus(kept), { schema, kept });
  const next = own === undefined ? newManager(key, type, wanted, now) : withFields(own, wanted, now);
  return { object, managedFields: writeManagers([...others, next]) };
}

/** An object nobody has applied before belongs, as it is, to those who wrote it. */
function managersOf({ type, schema, now }: ApplyRequest, live: KubeObject): Manager[] {
  const managers = readManagers(live.metadata?.managedFields);
  if (managers.length > 0) return managers;
  const fields = ownable(fieldsOf(live, schema));
  return [newManager({ name: BEFORE, operation: "Update", subresource: "" }, type, fields, now)];
}

function conflict(
  conflicts: readonly { manager: Manager; fields: FieldSet }[],
  type: ResourceType,
): StatusError {
  const causes = conflicts.flatMap(({ manager, fields }) => {
    const where = manager.subresource === "" ? "" : ` with subresource "${manager.subresource}"`;
    return [...fields.paths()].map((path) => ({
      reason: "FieldManagerConflict",
      message: `conflict with "${manager.name}"${where} using ${manager.apiVersion}`,
      field: formatPath(path),
    }));
  });
  const count = causes.length;
  const list = count === 1 ? `${causes[0]!.message}: ${causes[0]!.field}` : byManager(causes);
  return new StatusError(
    "Conflict",
    `Apply failed with ${count} conflict${count === 1 ? "" : "s"}: ${list}`,
    { details: { causes, ...(type.group === "" ? {} : { group: type.group }), kind: type.resource } },
  );
}

function byManager(causes: readonly { message: string; field: string }[]): string {
  const fields = new Map<string, string[]>();
  for (const { message, field } of causes) fields.set(message, [...(fields.get(message) ?? []), field]);
  return [...fields]
    .map(
      ([message, list]) =>
        `${message.replace("conflict", "conflicts")}:\n${list.map((field) => `- ${field}`).join("\n")}`,
    )
    .join("\n");
}
