import { apiVersionOf, type ResourceType } from "@jdos/apimachinery";
import type { DeleteOptions, Patch, UserInfo, WriteOptions } from "../client.ts";

/** Parameters of a URL; those that are undefined or empty are left out. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export const PATCH_CONTENT_TYPES: Readonly<Record<Patch["type"], string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

export function withType(type: ResourceType, object: object): object {
  return { apiVersion: apiVersionOf(type), kind: type.kind, ...object };
}

export function writeQuery({ dryRun, fieldManager, fieldValidation }: WriteOptions): Query {
  return { dryRun: dryRun === true ? "All" : undefined, fieldManager, fieldValidation };
}

export function deleteBody({
  gracePeriodSeconds,
  propagationPolicy,
  preconditions,
  dryRun,
}: DeleteOptions): object {
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds,
    propagationPolicy,
    preconditions,
    dryRun: dryRun === true ? ["All"] : undefined,
  };
}

export function impersonation(user: UserInfo | undefined): Record<string, string | string[]> {
  if (user === undefined) return {};
  return {
    "impersonate-user": user.name,
    ...(user.groups?.length ? { "impersonate-group": [...user.groups] } : {}),
  };
}

export function queryString(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === "") continue;
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
