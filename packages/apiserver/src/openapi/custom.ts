import { apiVersionOf, type ResourceType } from "@jdos/apimachinery";
import type { JsonSchema, OpenApiVersion } from "./emit.ts";
import { referenceTo } from "./emit.ts";

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** jdos.io/v1 Application -> io.jdos.v1.Application */
export function customDefinitionName({ group, version, kind }: ResourceType): string {
  return `${group.split(".").reverse().join(".")}.${version}.${kind}`;
}

/** Words that version 2 does not have. */
const ONLY_V3 = ["oneOf", "anyOf", "allOf", "not", "nullable", "x-kubernetes-validations"];

/** The schemas of a custom resource and of its list. */
export function customDefinitions(
  type: ResourceType,
  given: object | undefined,
  version: OpenApiVersion,
): Record<string, JsonSchema> {
  const name = customDefinitionName(type);
  const own = given === undefined ? openSchema() : rewrite(given as JsonSchema, version);
  const kinds = (kind: string): JsonSchema[] => [{ group: type.group, version: type.version, kind }];
  const reference = (to: string): JsonSchema => ({ $ref: referenceTo(to, version) });
  const common = (metadata: string): Record<string, JsonSchema> => ({
    apiVersion: { type: "string", description: API_VERSION },
    kind: { type: "string", description: KIND },
    metadata: {
      description: METADATA,
      ...(version === 2 ? reference(metadata) : { allOf: [reference(metadata)] }),
    },
  });
  return {
    [name]: {
      ...own,
      ...(own.properties === undefined && own["x-kubernetes-preserve-unknown-fields"] === true
        ? {}
        : { properties: { ...(own.properties as object), ...common(`${META}.ObjectMeta`) } }),
      "x-kubernetes-group-version-kind": kinds(type.kind),
    },
    [`${name}List`]: {
      description: `${type.kind}List is a list of ${type.kind}`,
      type: "object",
      required: ["items"],
      properties: {
        ...common(`${META}.ListMeta`),
        items: {
          description: `List of ${type.resource} of ${apiVersionOf(type)}`,
          type: "array",
          items: reference(name),
        },
      },
      "x-kubernetes-group-version-kind": kinds(`${type.kind}List`),
    },
  };
}

function openSchema(): JsonSchema {
  return { type: "object", "x-kubernetes-preserve-unknown-fields": true };
}

/** Version 2 cannot say "null", alternatives, or "a number or a string": what is so is left open there. */
function rewrite(schema: JsonSchema, version: OpenApiVersion): JsonSchema {
  const result: JsonSchema = {};
  const open = version === 2 && (schema.nullable === true || schema["x-kubernetes-int-or-string"] === true);
  for (const [word, value] of Object.entries(schema)) {
    if (version === 2 && ONLY_V3.includes(word)) continue;
    if (
      open &&
      (word === "type" || word === "properties" || word === "items" || word === "additionalProperties")
    )
      continue;
    result[word] = rewriteMember(word, value, version);
  }
  return result;
}

function rewriteMember(word: string, value: unknown, version: OpenApiVersion): unknown {
  if (word === "properties") {
    const members = Object.entries(value as Record<string, JsonSchema>);
    return Object.fromEntries(members.map(([name, member]) => [name, rewrite(member, version)]));
  }
  const isSchema = (word === "items" || word === "additionalProperties") && typeof value === "object";
  return isSchema ? rewrite(value as JsonSchema, version) : value;
}

const API_VERSION =
  "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values.";
const KIND =
  "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase.";
const METADATA = "Standard object's metadata.";
