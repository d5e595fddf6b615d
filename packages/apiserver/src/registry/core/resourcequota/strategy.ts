import { type ResourceQuota, ResourceQuotas } from "@jdos/api";
import { deepEqual, type FieldError, type Mutable, parseQuantity } from "@jdos/apimachinery";
import { ageColumn, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { separateStatus } from "../../update/spec-and-status.ts";
import { statusOnly } from "../../update/status-subresource.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";

function validate({ spec }: ResourceQuota): FieldError[] {
  const errors = new FieldErrors();
  for (const [resource, quantity] of Object.entries(spec?.hard ?? {})) {
    if ((parseQuantity(quantity) ?? 0) < 0) {
      errors.invalid(`spec.hard[${resource}]`, quantity, "must be greater than or equal to 0");
    }
  }
  return errors.list;
}

function validateUpdate(
  quota: ResourceQuota,
  old: ResourceQuota,
  subresource: string | undefined,
): FieldError[] {
  const errors = new FieldErrors();
  const { scopes } = quota.spec ?? {};
  if (subresource === undefined) errors.immutable("spec.scopes", scopes, deepEqual(scopes, old.spec?.scopes));
  return errors.list;
}

/** "pods: 1/10, services: 0/5", limits in a column of their own. */
function usage(quota: ResourceQuota, limits: boolean): string {
  const hard = quota.status?.hard ?? {};
  return Object.keys(hard)
    .filter((resource) => resource.startsWith("limits.") === limits)
    .sort()
    .map((resource) => `${resource}: ${quota.status?.used?.[resource] ?? "0"}/${hard[resource]}`)
    .join(", ");
}

export const resourceQuotaStrategy: Strategy<ResourceQuota> = {
  type: ResourceQuotas,
  singular: "resourcequota",
  shortNames: ["quota"],
  subresources: statusOnly,
  validateName: nameRule(dnsSubdomain),
  prepareForCreate(object) {
    (object as Mutable<ResourceQuota>).status = {};
  },
  prepareForUpdate(object, old, _context, subresource) {
    separateStatus(object, old, subresource);
  },
  validate,
  validateUpdate,
  columns: [
    nameColumn(),
    text("Request", (quota) => usage(quota, false)),
    text("Limit", (quota) => usage(quota, true)),
    ageColumn(),
  ],
};
