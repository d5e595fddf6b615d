import type { ResourceType } from "@jdos/apimachinery";

/** What is wrong with an object's form, before any rule of its Kind is asked. */
export interface SchemaFindings {
  /** Paths of fields the schema does not know: `spec.replcias`, `spec.containers[0].imagee`. */
  readonly unknownFields: readonly string[];
  /** Sentences about values of the wrong type: `spec.replicas: expected integer, got string`. */
  readonly typeErrors: readonly string[];
}

/** What the registry asks of the schemas of all Kinds. */
export interface SchemaSource {
  inspect(type: ResourceType, object: unknown): SchemaFindings;
  /** For server-side apply and strategic merge: how the list or map at a path is merged. */
}

/** Knows nothing, finds nothing. */
export const noSchemas: SchemaSource = { inspect: () => ({ unknownFields: [], typeErrors: [] }) };
