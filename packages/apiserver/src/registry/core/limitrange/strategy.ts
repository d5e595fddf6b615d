import { type LimitRange, LimitRanges } from "@jdos/api";
import { type FieldError, parseQuantity } from "@jdos/apimachinery";
import { nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsSubdomain, nameRule } from "../../validation/names.ts";

type Item = NonNullable<LimitRange["spec"]>["limits"][number];

/** Limits that are not said follow from those that are: the default limit from max, the request from the limit. */
function defaultItem(item: Item): void {
  if (item.type !== "Container") return;
  item.default = { ...item.max, ...item.default };
  item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
}

/** Each pair must be in this order. */
const ORDER = [
  ["min", "max"],
  ["min", "default"],
  ["min", "defaultRequest"],
  ["defaultRequest", "default"],
  ["default", "max"],
  ["defaultRequest", "max"],
] as const;

function validate({ spec }: LimitRange): FieldError[] {
  const errors = new FieldErrors();
  for (const [index, item] of (spec?.limits ?? []).entries()) {
    const at = `spec.limits[${index}]`;
    if (!item.type) errors.required(`${at}.type`);
    for (const [low, high] of ORDER) validatePair(errors, at, item, { low, high });
  }
  return errors.list;
}

type Bound = "min" | "max" | "default" | "defaultRequest";

function validatePair(
  errors: FieldErrors,
  at: string,
  item: Item,
  { low, high }: { low: Bound; high: Bound },
): void {
  for (const [resource, quantity] of Object.entries(item[low] ?? {})) {
    const other = item[high]?.[resource];
    if (other === undefined || (parseQuantity(quantity) ?? 0) <= (parseQuantity(other) ?? 0)) continue;
    errors.invalid(
      `${at}.${low}[${resource}]`,
      quantity,
      `${low} value ${quantity} is greater than ${high} value ${other}`,
    );
  }
}

export const limitRangeStrategy: Strategy<LimitRange> = {
  type: LimitRanges,
  singular: "limitrange",
  shortNames: ["limits"],
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  defaults({ spec }) {
    for (const item of spec?.limits ?? []) defaultItem(item);
  },
  validate,
  columns: [nameColumn(), text("Created At", ({ metadata }) => metadata?.creationTimestamp ?? "<unknown>")],
};
