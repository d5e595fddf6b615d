import {
  apiVersionOf,
  type FieldError,
  formatTime,
  isDnsSubdomain,
  type KubeObject,
  type ObjectMeta,
  randomSuffix,
  StatusError,
} from "@jdos/apimachinery";
import type { StoredObject } from "../storage/event.ts";
import type { Call } from "./call.ts";

/** An object on its way in, its metadata there. */
export type Incoming = KubeObject & { metadata: ObjectMeta };

const KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/;
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const MAX_ANNOTATIONS_BYTES = 256 * 1024;

/**
 * Checks that the body is of the Kind and namespace of the path and fills in what it leaves out.
 * @throws StatusError BadRequest
 */
export function adopt(call: Call, object: KubeObject): Incoming {
  const { type } = call.endpoint;
  const apiVersion = apiVersionOf(type);
  if (object.apiVersion !== undefined && object.apiVersion !== "" && object.apiVersion !== apiVersion) {
    throw new StatusError(
      "BadRequest",
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (object.kind !== undefined && object.kind !== "" && object.kind !== type.kind) {
    throw new StatusError(
      "BadRequest",
      `${object.kind} in version "${type.version}" cannot be handled as a ${type.kind}: the kind in the data does not match the expected kind`,
    );
  }
  const metadata = object.metadata ?? {};
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    throw new StatusError(
      "BadRequest",
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: metadata must be an object`,
    );
  }
  adoptNamespace(call, metadata);
  const { apiVersion: _, kind: __, metadata: ___, ...rest } = object as Record<string, unknown>;
  return { apiVersion, kind: type.kind, metadata, ...rest };
}

function adoptNamespace(call: Call, metadata: ObjectMeta): void {
  if (!call.endpoint.type.namespaced) {
    if (metadata.namespace !== undefined && metadata.namespace !== "") {
      throw new StatusError(
        "BadRequest",
        "namespace may not be set on a cluster-scoped object: the namespace of the provided object does not match the namespace sent on the request",
      );
    }
    delete metadata.namespace;
    return;
  }
  if (call.namespace === "")
    throw new StatusError("BadRequest", "an empty namespace may not be set during creation");
  if (
    metadata.namespace !== undefined &&
    metadata.namespace !== "" &&
    metadata.namespace !== call.namespace
  ) {
    throw new StatusError(
      "BadRequest",
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  }
  metadata.namespace = call.namespace;
}

/** Takes away what only the server sets; what it leaves, the strategy and fillForCreate() complete. */
export function clearForCreate(metadata: ObjectMeta): void {
  delete metadata.uid;
  delete metadata.creationTimestamp;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.generation;
  delete metadata.selfLink;
}

/** Gives a new object its identity. */
export function fillForCreate(metadata: ObjectMeta, now: Date): void {
  metadata.uid = crypto.randomUUID();
  metadata.creationTimestamp = formatTime(now);
  if ((metadata.name === undefined || metadata.name === "") && metadata.generateName) {
    metadata.name = generateName(metadata.generateName);
  }
}

/** The prefix, cut so that five random characters fit in a DNS label. */
export function generateName(prefix: string): string {
  return prefix.slice(0, 58) + randomSuffix();
}

/** Carries over what an update may not change. */
export function keepSystemMetadata(metadata: ObjectMeta, old: StoredObject["metadata"]): void {
  metadata.uid = old.uid;
  metadata.creationTimestamp = old.creationTimestamp;
  delete metadata.selfLink;
  set(metadata, "generateName", metadata.generateName ?? old.generateName);
  set(metadata, "generation", old.generation);
  set(metadata, "deletionTimestamp", old.deletionTimestamp);
  set(metadata, "deletionGracePeriodSeconds", old.deletionGracePeriodSeconds);
}

function set<K extends keyof ObjectMeta>(
  metadata: ObjectMeta,
  key: K,
  value: ObjectMeta[K] | undefined,
): void {
  if (value === undefined) delete metadata[key];
  else metadata[key] = value;
}

export interface NameRule {
  validateName?(name: string): string | undefined;
}

/** The rules every object's metadata obeys. */
export function validateMetadata(metadata: ObjectMeta, rule: NameRule): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.name === undefined || metadata.name === "") {
    errors.push({
      type: "FieldValueRequired",
      field: "metadata.name",
      message: "Required value: name or generateName is required",
    });
  } else {
    const why =
      rule.validateName === undefined ? defaultNameRule(metadata.name) : rule.validateName(metadata.name);
    if (why !== undefined)
      errors.push({
        type: "FieldValueInvalid",
        field: "metadata.name",
        message: `Invalid value: ${JSON.stringify(metadata.name)}: ${why}`,
      });
  }
  return [
    ...errors,
    ...validateLabels(metadata.labels, "metadata.labels"),
    ...validateAnnotations(metadata),
    ...validateOwners(metadata),
  ];
}

function defaultNameRule(name: string): string | undefined {
  return isDnsSubdomain(name) ? undefined : SUBDOMAIN_RULE;
}

/** Labels: qualified keys, short values. */
export function validateLabels(labels: unknown, field: string): FieldError[] {
  if (labels === undefined) return [];
  if (!isMap(labels))
    return [{ type: "FieldValueTypeInvalid", field, message: "Invalid value: must be a map of strings" }];
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    if (!KEY.test(key))
      errors.push({
        type: "FieldValueInvalid",
        field,
        message: `Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      });
    if (typeof value !== "string" || !VALUE.test(value))
      errors.push({
        type: "FieldValueInvalid",
        field,
        message: `Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
      });
  }
  return errors;
}

function validateAnnotations({ annotations }: ObjectMeta): FieldError[] {
  if (annotations === undefined) return [];
  const field = "metadata.annotations";
  if (!isMap(annotations))
    return [{ type: "FieldValueTypeInvalid", field, message: "Invalid value: must be a map of strings" }];
  let size = 0;
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(annotations)) {
    size += key.length + String(value).length;
    if (!KEY.test(key.toLowerCase()))
      errors.push({
        type: "FieldValueInvalid",
        field,
        message: `Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
      });
    if (typeof value !== "string")
      errors.push({
        type: "FieldValueTypeInvalid",
        field: `${field}[${key}]`,
        message: `Invalid value: ${JSON.stringify(value)}: must be a string`,
      });
  }
  if (size > MAX_ANNOTATIONS_BYTES)
    errors.push({
      type: "FieldValueTooLong",
      field,
      message: `Too long: may not be more than ${MAX_ANNOTATIONS_BYTES} bytes`,
    });
  return errors;
}

function validateOwners({ ownerReferences, finalizers }: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  const controllers = (ownerReferences ?? []).filter(({ controller }) => controller === true);
  if (controllers.length > 1) {
    errors.push({
      type: "FieldValueInvalid",
      field: "metadata.ownerReferences",
      message: `Invalid value: Only one reference can have Controller set to true. Found "true" in references for ${controllers.map(({ kind, name }) => `${kind}/${name}`).join(" and ")}`,
    });
  }
  for (const [index, owner] of (ownerReferences ?? []).entries()) {
    for (const member of ["apiVersion", "kind", "name", "uid"] as const) {
      if (!owner[member])
        errors.push({
          type: "FieldValueInvalid",
          field: `metadata.ownerReferences[${index}].${member}`,
          message: `Invalid value: "": ${member} must not be empty`,
        });
    }
  }
  for (const [index, finalizer] of (finalizers ?? []).entries()) {
    if (!KEY.test(finalizer))
      errors.push({
        type: "FieldValueInvalid",
        field: `metadata.finalizers[${index}]`,
        message: `Invalid value: ${JSON.stringify(finalizer)}: name is neither a standard finalizer name nor is it fully qualified`,
      });
  }
  return errors;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
