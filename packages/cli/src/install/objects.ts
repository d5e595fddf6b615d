import { RESOURCE_TYPES } from "@jdos/api/resource-types";
import { type KubeObject, parseApiVersion, type ResourceType } from "@jdos/apimachinery";
import type { NamespacedName } from "@jdos/client";
import { CliError } from "../errors.ts";

/** The resource of an object; an older version of a known Kind's group keeps that version. */
export function typeOf({ apiVersion = "", kind }: KubeObject): ResourceType {
  const { group, version } = parseApiVersion(apiVersion);
  const type = RESOURCE_TYPES.find((candidate) => candidate.kind === kind && candidate.group === group);
  if (type !== undefined) return { ...type, version };
  throw new CliError("ManifestInvalid", `Cannot apply kind "${kind}" of "${apiVersion}": it is not known`, {
    hint: "Restore the manifests from the repository",
  });
}

export function keyOf({ metadata }: KubeObject): NamespacedName {
  const { namespace, name = "" } = metadata ?? {};
  return namespace === undefined ? { name } : { namespace, name };
}

/** "Deployment jdos-system/platform-api" */
export function nameOf(object: KubeObject): string {
  const { namespace, name } = keyOf(object);
  return `${object.kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** By which an object is found again: no version, for a Kind may be served in another after an upgrade. */
export interface ObjectRecord {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

export function recordOf(object: KubeObject): ObjectRecord {
  return { apiVersion: object.apiVersion ?? "", kind: object.kind ?? "", ...keyOf(object) };
}

export function objectOf({ apiVersion, kind, ...metadata }: ObjectRecord): KubeObject {
  return { apiVersion, kind, metadata };
}

/** The same object, whatever its version. */
export function identityOf({ apiVersion, kind, namespace = "", name }: ObjectRecord): string {
  return [parseApiVersion(apiVersion).group, kind, namespace, name].join("/");
}
