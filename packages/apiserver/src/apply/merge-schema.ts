import type { Declarations, Definition, FieldType } from "../openapi/declarations.ts";
import { mergeExtensions, objectExtensions } from "../openapi/field-facts.ts";

/** How a value is merged and owned: as a whole, member by member, or item by item. */
export interface MergeSchema {
  /** Owned and replaced as a whole, though it has members. */
  readonly atomic: boolean;
  readonly list: "atomic" | "set" | "map";
  /** Of a list that is a map: the members that identify an item. */
  readonly keys: readonly string[];
  field(name: string): MergeSchema;
  item(): MergeSchema;
}

/** What nothing is known of: objects by member, lists as a whole. */
export const openSchema: MergeSchema = {
  atomic: false,
  list: "atomic",
  keys: [],
  field: () => openSchema,
  item: () => openSchema,
};

/** The schema of one of Kubernetes' own Kinds. */
export function nativeSchema(declarations: Declarations, name: string): MergeSchema {
  const definition = declarations.get(name);
  return definition === undefined ? openSchema : ofDefinition(declarations, definition);
}

function ofDefinition(declarations: Declarations, definition: Definition): MergeSchema {
  return {
    ...openSchema,
    atomic: isAtomic(objectExtensions(definition.name)),
    field(name) {
      const field = definition.fields.get(name);
      if (field === undefined) return openSchema;
      const extensions = mergeExtensions(definition.name, name, field.type.kind);
      const schema = ofType(declarations, field.type, extensions);
      return isAtomic(extensions) ? { ...schema, atomic: true } : schema;
    },
  };
}

function isAtomic(extensions: Record<string, unknown>): boolean {
  return extensions["x-kubernetes-map-type"] === "atomic";
}

function ofType(
  declarations: Declarations,
  type: FieldType,
  extensions: Record<string, unknown>,
): MergeSchema {
  switch (type.kind) {
    case "ref":
      return nativeSchema(declarations, type.to);
    case "map":
      return { ...openSchema, field: () => ofType(declarations, type.of, {}) };
    case "list":
      return { ...openSchema, ...listRule(extensions), item: () => ofType(declarations, type.of, {}) };
    default:
      return openSchema;
  }
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
}

/** The schema of a custom resource, from its structural schema; metadata is Kubernetes' own. */
export function customSchema(declarations: Declarations, root: object): MergeSchema {
  const schema = ofJsonSchema(root as JsonSchema);
  const metadata = nativeSchema(declarations, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  return { ...schema, field: (name) => (name === "metadata" ? metadata : schema.field(name)) };
}

function ofJsonSchema(schema: JsonSchema | undefined): MergeSchema {
  if (schema === undefined) return openSchema;
  const extensions = schema as Record<string, unknown>;
  const { additionalProperties } = schema;
  return {
    ...openSchema,
    ...listRule(extensions),
    atomic: isAtomic(extensions),
    field: (name) =>
      ofJsonSchema(
        schema.properties?.[name] ??
          (typeof additionalProperties === "object" ? additionalProperties : undefined),
      ),
    item: () => ofJsonSchema(schema.items),
  };
}

function listRule(extensions: Record<string, unknown>): Pick<MergeSchema, "list" | "keys"> {
  const list = extensions["x-kubernetes-list-type"];
  if (list === "set") return { list, keys: [] };
  if (list === "map") return { list, keys: extensions["x-kubernetes-list-map-keys"] as string[] };
  return { list: "atomic", keys: [] };
}
