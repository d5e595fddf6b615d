import type { ResourceRequirements } from "@jdos/api";
import { parseQuantity } from "@jdos/apimachinery";
import type { FieldErrors } from "../../validation/field-errors.ts";
import { qualifiedName } from "../../validation/names.ts";

const PLAIN = ["cpu", "memory", "ephemeral-storage"];

export function validateResources(
  errors: FieldErrors,
  at: string,
  resources: ResourceRequirements | undefined,
): void {
  for (const member of ["limits", "requests"] as const) {
    for (const [name, quantity] of Object.entries(resources?.[member] ?? {})) {
      validateOne(errors, `${at}.${member}`, name, quantity);
    }
  }
  for (const [name, request] of Object.entries(resources?.requests ?? {})) {
    const limit = resources?.limits?.[name];
    if (limit === undefined) {
      if (isExtended(name))
        errors.required(`${at}.limits`, "Limit must be set for non overcommitable resources");
      continue;
    }
    const exact = isExtended(name);
    if (exact && parseQuantity(request) !== parseQuantity(limit)) {
      errors.invalid(`${at}.requests`, request, `must be equal to ${name} limit of ${limit}`);
    } else if ((parseQuantity(request) ?? 0) > (parseQuantity(limit) ?? 0)) {
      errors.invalid(`${at}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`);
    }
  }
}

/** example.com/gpu: whole pieces, never overcommitted. */
function isExtended(name: string): boolean {
  return (name.includes("/") && !name.startsWith("kubernetes.io/")) || name.startsWith("hugepages-");
}

function validateOne(errors: FieldErrors, path: string, name: string, quantity: string): void {
  const at = `${path}[${name}]`;
  errors.allInvalid(at, name, qualifiedName(name));
  if (!name.includes("/") && !PLAIN.includes(name) && !name.startsWith("hugepages-")) {
    errors.invalid(at, name, "must be a standard resource type or fully qualified");
    errors.invalid(at, name, "must be a standard resource for containers");
  }
  const value = parseQuantity(quantity) ?? 0;
  if (value < 0) errors.invalid(at, quantity, "must be greater than or equal to 0");
  if (isExtended(name) && !Number.isInteger(value)) errors.invalid(at, quantity, "must be an integer");
}
