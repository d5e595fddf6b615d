import * as api from "@jdos/api";
import { deepEqual, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Strategy, TableColumn } from "../registry/strategy.ts";

type Members = KubeObject & { spec?: unknown; status?: unknown };

const columns: readonly TableColumn<KubeObject>[] = [
  {
    name: "Name",
    type: "string",
    format: "name",
    description: "Name must be unique within a namespace.",
    cell: (object) => object.metadata?.name ?? "",
  },
  {
    name: "Created At",
    type: "date",
    description: "When the object was created.",
    cell: (object) => object.metadata?.creationTimestamp ?? null,
  },
];

/** Serves a resource that has no strategy of its own: spec and status apart, no defaults, no rules. */
export function fallbackStrategy(type: ResourceType): Strategy {
  return {
    type,
    singular: type.kind.toLowerCase(),
    subresources: [{ name: "status", verbs: ["get", "patch", "update"] }],
    prepareForCreate(object: Members) {
      if (type.kind !== "Node") delete object.status;
      if (object.spec !== undefined) object.metadata!.generation = 1;
    },
    prepareForUpdate(object: Members, old: Members, _context, subresource) {
      if (subresource === "status") keepAllButStatus(object, old);
      else if (object.spec !== undefined || object.status !== undefined) keepStatus(object, old);
    },
    columns,
  };
}

function keepAllButStatus(object: Members, old: Members): void {
  for (const key of Object.keys(object)) {
    if (key !== "status" && key !== "metadata") delete (object as Record<string, unknown>)[key];
  }
  const { status: _, metadata: __, ...rest } = old;
  Object.assign(object, rest);
}

function keepStatus(object: Members, old: Members): void {
  if (old.status === undefined) delete object.status;
  else object.status = old.status;
  if (!deepEqual(object.spec, old.spec)) object.metadata!.generation = (old.metadata?.generation ?? 0) + 1;
}

/** The platform's own resources; a server knows them only from their definitions. */
export function customTypes(): readonly ResourceType[] {
  return Object.values(api as Record<string, unknown>)
    .filter(isType)
    .filter((type) => !isNative(type));
}

function isNative({ group }: ResourceType): boolean {
  return !group.includes(".") || group.endsWith(".k8s.io");
}

function isType(value: unknown): value is ResourceType {
  return typeof value === "object" && value !== null && "resource" in value && "namespaced" in value;
}
