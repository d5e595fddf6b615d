import { apiVersionOf, formatTime, type ObjectMeta, type ResourceType } from "@jdos/apimachinery";
import { FieldSet } from "./field-set.ts";

export type ManagedFields = NonNullable<ObjectMeta["managedFields"]>;

/** One manager's fields. */
export interface Manager {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

export function readManagers(entries: readonly object[] | undefined): Manager[] {
  return ((entries ?? []) as ManagedFields).map((entry) => ({
    name: entry.manager ?? "",
    operation: entry.operation === "Apply" ? "Apply" : "Update",
    apiVersion: entry.apiVersion ?? "",
    subresource: entry.subresource ?? "",
    time: entry.time as string | undefined,
    fields: FieldSet.from(entry.fieldsV1),
  }));
}

export function writeManagers(managers: readonly Manager[]): ManagedFields {
  return managers
    .filter(({ fields }) => !fields.isEmpty)
    .map(({ name, operation, apiVersion, subresource, time, fields }) => ({
      manager: name,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: "FieldsV1",
      fieldsV1: fields.toJSON(),
      ...(subresource === "" ? {} : { subresource }),
    })) as ManagedFields;
}

export interface ManagerKey {
  readonly name: string;
  readonly operation: Manager["operation"];
  readonly subresource: string;
}

export function isSame(manager: ManagerKey, key: ManagerKey): boolean {
  return (
    manager.name === key.name &&
    manager.operation === key.operation &&
    manager.subresource === key.subresource
  );
}

/** The manager with other fields; its time moves only when they do. */
export function withFields(manager: Manager, fields: FieldSet, now: Date): Manager {
  return manager.fields.equals(fields) ? manager : { ...manager, fields, time: formatTime(now) };
}

export function newManager(key: ManagerKey, type: ResourceType, fields: FieldSet, now: Date): Manager {
  return { ...key, apiVersion: apiVersionOf(type), time: formatTime(now), fields };
}

const IDENTITY = ["apiVersion", "kind"] as const;
const SYSTEM = [
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
  "selfLink",
] as const;

/** The fields that belong to someone: all but an object's identity and what the server itself writes. */
export function ownable(fields: FieldSet): FieldSet {
  const taken = new FieldSet();
  for (const name of IDENTITY) taken.child(`f:${name}`).own = true;
  const metadata = taken.child("f:metadata");
  metadata.own = true;
  for (const name of SYSTEM) metadata.child(`f:${name}`).own = true;
  return fields.minus(taken);
}
