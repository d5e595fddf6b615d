import { type Lease, Leases } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import { ageColumn, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";

function validate({ spec }: Lease): FieldError[] {
  const errors = new FieldErrors();
  const { leaseDurationSeconds, leaseTransitions } = spec ?? {};
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.invalid("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0");
  }
  errors.nonNegative("spec.leaseTransitions", leaseTransitions);
  return errors.list;
}

export const leaseStrategy: Strategy<Lease> = {
  type: Leases,
  singular: "lease",
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  validate,
  columns: [nameColumn(), text("Holder", (lease) => lease.spec?.holderIdentity ?? ""), ageColumn()],
};
