import { type CustomResourceDefinition, CustomResourceDefinitions } from "@jdos/api";
import type { Mutable } from "@jdos/apimachinery";
import { nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { createWithGeneration, updateWithGeneration } from "../../update/spec-and-status.ts";
import { statusOnly } from "../../update/status-subresource.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";
import { validateDefinition, validateDefinitionUpdate } from "./validate.ts";

/** Holds a definition until its objects are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

function defaults({ spec }: CustomResourceDefinition): void {
  if (spec?.names === undefined) return;
  spec.names.singular ||= (spec.names.kind ?? "").toLowerCase();
  spec.names.listKind ||= `${spec.names.kind}List`;
  spec.conversion ??= { strategy: "None" };
}

/** Every version that was ever the one stored stays in the list, for objects may still be in it. */
function withStorageVersion(stored: readonly string[], { spec }: CustomResourceDefinition): string[] {
  const storage = (spec?.versions ?? []).find((version) => version.storage)?.name;
  return storage === undefined || stored.includes(storage) ? [...stored] : [...stored, storage];
}

export const customResourceDefinitionStrategy: Strategy<CustomResourceDefinition> = {
  type: CustomResourceDefinitions,
  singular: "customresourcedefinition",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  subresources: statusOnly,
  validateName: nameRule(dnsSubdomain),
  defaults,
  prepareForCreate(object) {
    createWithGeneration(object);
    const definition = object as Mutable<CustomResourceDefinition>;
    const others = (object.metadata?.finalizers ?? []).filter((one) => one !== CLEANUP_FINALIZER);
    object.metadata = { ...object.metadata, finalizers: [...others, CLEANUP_FINALIZER] };
    definition.status = {
      conditions: [],
      acceptedNames: { plural: "", kind: "" },
      storedVersions: withStorageVersion([], object),
    };
  },
  prepareForUpdate(object, old, _context, subresource) {
    updateWithGeneration(object, old, subresource);
    const definition = object as Mutable<CustomResourceDefinition>;
    if (subresource === "status" || definition.status === undefined) return;
    const storedVersions = withStorageVersion(definition.status.storedVersions ?? [], object);
    definition.status = { ...definition.status, storedVersions };
  },
  validate: validateDefinition,
  validateUpdate: validateDefinitionUpdate,
  columns: [nameColumn(), text("Created At", ({ metadata }) => metadata?.creationTimestamp ?? "<unknown>")],
};
