/** Structural schemas (OpenAPI v3 as CustomResourceDefinitions take it), checked against a type member by member. */

interface Described {
  description?: string;
  default?: unknown;
}

interface TextSchema extends Described {
  type: "string";
  enum?: readonly string[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  format?: "date-time";
}

interface NumberSchema extends Described {
  type: "integer" | "number";
  minimum?: number;
  maximum?: number;
  format?: "int32" | "int64";
}

interface BooleanSchema extends Described {
  type: "boolean";
}

interface ArraySchema<E> extends Described {
  type: "array";
  items: SchemaFor<E>;
  minItems?: number;
  maxItems?: number;
  "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  "x-kubernetes-list-map-keys"?: readonly string[];
}

interface MapSchema<V> extends Described {
  type: "object";
  additionalProperties: SchemaFor<V>;
}

type RequiredMember<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];

/** It has no x-kubernetes-validations: a Kubernetes before 1.25 checks none, and what must hold has to hold there, too. */
interface ObjectSchema<T> extends Described {
  type: "object";
  properties: { [K in keyof T]-?: SchemaFor<NonNullable<T[K]>> };
  required?: readonly (RequiredMember<T> & string)[];
  minProperties?: number;
  maxProperties?: number;
  oneOf?: readonly { required: readonly (keyof T & string)[] }[];
}

/**
 * The schema of a type. Every member of the type must be described and nothing else may be: a member that is
 * added to the type and forgotten in the schema does not compile.
 */
export type SchemaFor<T> = [T] extends [string]
  ? TextSchema
  : [T] extends [number]
    ? NumberSchema
    : [T] extends [boolean]
      ? BooleanSchema
      : [T] extends [readonly (infer E)[]]
        ? ArraySchema<E>
        : string extends keyof T
          ? MapSchema<T[keyof T]>
          : ObjectSchema<T>;

/** Any schema, for what only passes it on. */
export type JsonSchema = { type: string; description?: string } & Record<string, unknown>;

export const QUANTITY = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$";
export const DNS_LABEL = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/** Segments that are neither "." nor "..". */
export const RELATIVE_PATH =
  "^([^/.][^/]*|\\.[^/.][^/]*|\\.\\.[^/]+)(/([^/.][^/]*|\\.[^/.][^/]*|\\.\\.[^/]+))*$";
export const COMMIT = "^[0-9a-f]{40}([0-9a-f]{24})?$";
export const DIGEST = "^sha256:[a-f0-9]{64}$";
