import protobuf from "protobufjs/light.js";

/**
 * The part of gnostic's OpenAPI v2 messages that our document uses, with the field numbers of openapiv2.proto.
 * Maps are lists of named values; "x-" members travel as YAML, of which JSON is a part.
 */
const string = "string";
const bool = "bool";
const many = (type: string, id: number) => ({ rule: "repeated", type, id });
const one = (type: string, id: number) => ({ type, id });

const messages = {
  Any: { fields: { yaml: one(string, 2) } },
  NamedAny: { fields: { name: one(string, 1), value: one("Any", 2) } },
  Info: { fields: { title: one(string, 1), version: one(string, 2) } },
  Document: {
    fields: {
      swagger: one(string, 1),
      info: one("Info", 2),
      paths: one("Paths", 8),
      definitions: one("Definitions", 9),
    },
  },
  Definitions: { fields: { additionalProperties: many("NamedSchema", 1) } },
  NamedSchema: { fields: { name: one(string, 1), value: one("Schema", 2) } },
  Properties: { fields: { additionalProperties: many("NamedSchema", 1) } },
  TypeItem: { fields: { value: many(string, 1) } },
  ItemsItem: { fields: { schema: many("Schema", 1) } },
  AdditionalPropertiesItem: { fields: { schema: one("Schema", 1), boolean: one(bool, 2) } },
  Schema: {
    fields: {
      ref: one(string, 1),
      format: one(string, 2),
      description: one(string, 4),
      default: one("Any", 5),
      maximum: one("double", 7),
      minimum: one("double", 9),
      maxLength: one("int64", 11),
      minLength: one("int64", 12),
      pattern: one(string, 13),
      maxItems: one("int64", 14),
      minItems: one("int64", 15),
      required: many(string, 19),
      enum: many("Any", 20),
      additionalProperties: one("AdditionalPropertiesItem", 21),
      type: one("TypeItem", 22),
      items: one("ItemsItem", 23),
      properties: one("Properties", 25),
      vendorExtension: many("NamedAny", 31),
    },
  },
  Paths: { fields: { path: many("NamedPathItem", 2) } },
  NamedPathItem: { fields: { name: one(string, 1), value: one("PathItem", 2) } },
  PathItem: {
    fields: {
      get: one("Operation", 2),
      put: one("Operation", 3),
      post: one("Operation", 4),
      delete: one("Operation", 5),
      patch: one("Operation", 8),
      parameters: many("ParametersItem", 9),
    },
  },
  Operation: {
    fields: {
      tags: many(string, 1),
      description: one(string, 3),
      operationId: one(string, 5),
      produces: many(string, 6),
      consumes: many(string, 7),
      parameters: many("ParametersItem", 8),
      responses: one("Responses", 9),
      schemes: many(string, 10),
      vendorExtension: many("NamedAny", 13),
    },
  },
  ParametersItem: { fields: { parameter: one("Parameter", 1) } },
  Parameter: {
    fields: { bodyParameter: one("BodyParameter", 1), nonBodyParameter: one("NonBodyParameter", 2) },
  },
  BodyParameter: {
    fields: { name: one(string, 2), in: one(string, 3), required: one(bool, 4), schema: one("Schema", 5) },
  },
  NonBodyParameter: {
    fields: {
      queryParameterSubSchema: one("QueryParameter", 3),
      pathParameterSubSchema: one("PathParameter", 4),
    },
  },
  QueryParameter: {
    fields: { in: one(string, 2), name: one(string, 4), type: one(string, 6), uniqueItems: one(bool, 20) },
  },
  PathParameter: {
    fields: {
      required: one(bool, 1),
      in: one(string, 2),
      name: one(string, 4),
      type: one(string, 5),
      uniqueItems: one(bool, 19),
    },
  },
  Responses: { fields: { responseCode: many("NamedResponseValue", 1) } },
  NamedResponseValue: { fields: { name: one(string, 1), value: one("ResponseValue", 2) } },
  ResponseValue: { fields: { response: one("Response", 1) } },
  Response: { fields: { description: one(string, 1), schema: one("SchemaItem", 2) } },
  SchemaItem: { fields: { schema: one("Schema", 1) } },
};

type Json = Record<string, unknown>;

/** The document in gnostic's binary form: application/com.github.proto-openapi.spec.v2@v1.0+protobuf. */
export function encodeDocument(document: Json): Buffer {
  const root = protobuf.Root.fromJSON({ nested: messages });
  const type = root.lookupType("Document");
  const message = {
    swagger: document.swagger,
    info: document.info,
    paths: { path: named(document.paths, pathItem) },
    definitions: { additionalProperties: named(document.definitions, schema) },
  };
  return Buffer.from(type.encode(message).finish());
}

function named<T>(members: unknown, convert: (value: Json) => T): { name: string; value: T }[] {
  return Object.entries((members ?? {}) as Record<string, Json>).map(([name, value]) => ({
    name,
    value: convert(value),
  }));
}

function yaml(value: unknown): { yaml: string } {
  return { yaml: `${JSON.stringify(value)}\n` };
}

function extensions(value: Json): { name: string; value: { yaml: string } }[] {
  const own = Object.entries(value).filter(([name]) => name.startsWith("x-"));
  return own.map(([name, member]) => ({ name, value: yaml(member) }));
}

const AS_THEY_ARE = [
  "format",
  "description",
  "maximum",
  "minimum",
  "maxLength",
  "minLength",
  "pattern",
  "maxItems",
  "minItems",
  "required",
];

function schema(value: Json): Json {
  const result: Json = { vendorExtension: extensions(value) };
  for (const word of AS_THEY_ARE) if (value[word] !== undefined) result[word] = value[word];
  if (value.$ref !== undefined) result.ref = value.$ref;
  if (value.type !== undefined) result.type = { value: [value.type] };
  if (value.default !== undefined) result.default = yaml(value.default);
  if (Array.isArray(value.enum)) result.enum = value.enum.map(yaml);
  if (value.items !== undefined) result.items = { schema: [schema(value.items as Json)] };
  if (value.properties !== undefined)
    result.properties = { additionalProperties: named(value.properties, schema) };
  const { additionalProperties: more } = value;
  if (typeof more === "boolean") result.additionalProperties = { boolean: more };
  else if (more !== undefined) result.additionalProperties = { schema: schema(more as Json) };
  return result;
}

const METHODS = ["get", "put", "post", "delete", "patch"];

function pathItem(value: Json): Json {
  const result: Json = { parameters: parameters(value.parameters) };
  for (const method of METHODS)
    if (value[method] !== undefined) result[method] = operation(value[method] as Json);
  return result;
}

function operation(value: Json): Json {
  const { tags, description, operationId, produces, consumes, schemes } = value;
  return {
    tags,
    description,
    operationId,
    produces,
    consumes,
    schemes,
    parameters: parameters(value.parameters),
    responses: { responseCode: named(value.responses, response) },
    vendorExtension: extensions(value),
  };
}

function response(value: Json): Json {
  const given = value.schema === undefined ? {} : { schema: { schema: schema(value.schema as Json) } };
  return { response: { description: value.description, ...given } };
}

function parameters(list: unknown): Json[] {
  return ((list ?? []) as Json[]).map((each) => ({ parameter: parameter(each) }));
}

function parameter(value: Json): Json {
  if (value.in === "body") return { bodyParameter: { ...value, schema: schema(value.schema as Json) } };
  const member = value.in === "path" ? "pathParameterSubSchema" : "queryParameterSubSchema";
  return { nonBodyParameter: { [member]: value } };
}
