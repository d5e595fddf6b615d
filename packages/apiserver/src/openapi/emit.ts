import type { Declarations, Definition, FieldType } from "./declarations.ts";
import { formatOfInteger, isBytes, mergeExtensions, objectExtensions } from "./field-facts.ts";
import { scalars } from "./scalars.ts";

/** A JSON schema as OpenAPI writes it. */
export type JsonSchema = Record<string, unknown>;

/** The two versions of OpenAPI differ in where definitions stand and how a reference carries a description. */
export type OpenApiVersion = 2 | 3;

export function referenceTo(name: string, version: OpenApiVersion): string {
  return version === 2 ? `#/definitions/${name}` : `#/components/schemas/${name}`;
}

/** Writes definitions and all they refer to, each once. */
export class SchemaWriter {
  readonly #declarations: Declarations;
  readonly #version: OpenApiVersion;
  readonly schemas: Record<string, JsonSchema> = {};

  constructor(declarations: Declarations, version: OpenApiVersion) {
    this.#declarations = declarations;
    this.#version = version;
  }

  /** Adds a definition; unknown names are left out, false tells so. */
  add(name: string): boolean {
    if (this.schemas[name] !== undefined) return true;
    const scalar = scalars[name];
    if (scalar !== undefined) {
      this.schemas[name] = { ...((this.#version === 3 ? scalar.v3 : undefined) ?? scalar.schema) };
      return true;
    }
    const definition = this.#declarations.get(name);
    if (definition === undefined) return false;
    this.#addObject(definition);
    return true;
  }

  #addObject(definition: Definition): void {
    const properties: Record<string, JsonSchema> = {};
    const schema: JsonSchema = { description: definition.description, type: "object" };
    this.schemas[definition.name] = schema;
    const required: string[] = [];
    for (const [name, field] of definition.fields) {
      if (field.required) required.push(name);
      const type = this.#typeOf(field.type, { definition: definition.name, field: name });
      const extensions = mergeExtensions(definition.name, name, field.type.kind);
      properties[name] = this.#described(type, field.description, extensions);
    }
    if (required.length > 0) schema.required = required;
    if (definition.fields.size > 0) schema.properties = properties;
    Object.assign(schema, objectExtensions(definition.name));
    if (definition.kind !== undefined) schema["x-kubernetes-group-version-kind"] = kindsOf(definition);
  }

  #described(type: JsonSchema, description: string, extensions: JsonSchema): JsonSchema {
    const text = description === "" ? {} : { description };
    if (type.$ref === undefined || this.#version === 2) return { ...text, ...type, ...extensions };
    return { ...text, allOf: [type], ...extensions };
  }

  #typeOf(type: FieldType, place: { definition: string; field: string }): JsonSchema {
    switch (type.kind) {
      case "any":
        return {};
      case "string":
        return isBytes(place.definition, place.field)
          ? { type: "string", format: "byte" }
          : { type: "string" };
      case "integer":
        return { type: "integer", format: formatOfInteger(place.field) };
      case "number":
        return { type: "number", format: "double" };
      case "boolean":
        return { type: "boolean" };
      case "int-or-string":
        return this.#intOrString();
      case "list":
        return { type: "array", items: this.#typeOf(type.of, place) };
      case "map":
        return { type: "object", additionalProperties: this.#typeOf(type.of, place) };
      case "ref":
        return this.add(type.to) ? { $ref: referenceTo(type.to, this.#version) } : { type: "object" };
    }
  }

  #intOrString(): JsonSchema {
    if (this.#version === 2) return { type: "string", format: "int-or-string" };
    return { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] };
  }
}

interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

function kindsOf({ apiVersion = "", kind = "" }: Definition): GroupVersionKind[] {
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  return [{ group, version: apiVersion.slice(slash + 1), kind }];
}
