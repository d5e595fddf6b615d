import type { FieldError, KubeObject, ResourceType } from "@jdos/apimachinery";

/** What a write knows of its caller and of the world. */
export interface WriteContext {
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  readonly now: Date;
}

/** A column of the server-side table (kubectl get). Source: meta/v1 TableColumnDefinition. */
export interface TableColumn<T extends KubeObject> {
  name: string;
  type: "string" | "integer" | "number" | "boolean" | "date";
  format?: string;
  description?: string;
  /** 0: always shown; above: only with -o wide. */
  priority?: number;
  /** The cell; null prints as <none>. */
  cell(object: T, now: Date): string | number | boolean | null;
}

export interface Subresource {
  /** status, scale, log, exec, ... */
  name: string;
  verbs: readonly string[];
  /** The Kind it carries, where it is not the resource's own: autoscaling/v1 Scale, v1 Binding. */
  group?: string;
  version?: string;
  kind?: string;
}

/**
 * What is particular to one Kind: names for discovery, what a write may change, defaults, rules, columns. The
 * generic registry does the rest. One folder a Kind: registry/<group>/<kind>/. All methods are pure: they work on
 * the writable copy they are given and do no input or output. What needs the world (addresses, quotas, owners)
 * is an admission step (see admission/).
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  readonly type: ResourceType<T>;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources: readonly Subresource[];
  /** Told, as a warning, to whoever creates one: what the platform does not do with it. */
  readonly notice?: string;
  /** Rule of metadata.name. Defaults to a DNS subdomain. Returns the reason when it is broken. */
  validateName?(name: string): string | undefined;
  /** Fills in defaults, in place. Runs on every write, after decoding. */
  defaults?(object: T): void;
  /** Nothing of the status has a default: a write of the status then shares the stored spec instead of copying it. */
  readonly statusWithoutDefaults?: boolean;
  /** Clears what a client may not set (status), sets generation and the like. */
  prepareForCreate?(object: T, context: WriteContext): void;
  /** Copies from `old` what a client may not change (status on the main resource, spec on status), bumps generation. */
  prepareForUpdate?(object: T, old: T, context: WriteContext, subresource: string | undefined): void;
  /** The rules of the object as it is; runs on creation and on every update of the main resource. */
  validate?(object: T): FieldError[];
  /** The rules of the change alone. */
  validateUpdate?(object: T, old: T, subresource: string | undefined): FieldError[];
  /** Field selectors besides metadata.name and metadata.namespace: path -> value. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  readonly columns: readonly TableColumn<T>[];
  /** Grace period given by deletion: 0 or undefined deletes at once (after finalizers). Pods: their grace. */
  gracePeriodSeconds?(object: T, requested: number | undefined): number;
  /** Set on custom resources: their schema, and what it does to an object. */
  readonly custom?: CustomSchema;
  /** Reads and writes for the scale subresource. */
  readonly scale?: {
    get(object: T): { specReplicas: number; statusReplicas: number; selector: string };
    set(object: T, replicas: number): void;
  };
}

/** What the schema of a CustomResourceDefinition's version gives to the rest of the server. */
export interface CustomSchema {
  /** The structural schema, for OpenAPI; absent when the definition preserves unknown fields at its root. */
  readonly openAPIV3Schema?: object;
  /** Takes away the fields the schema does not know and returns their paths. */
  prune(object: object): string[];
}
