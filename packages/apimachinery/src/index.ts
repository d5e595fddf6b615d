/**
 * Words every package shares: object metadata, resource types, selectors, quantities, conditions, names,
 * Status errors. Pure functions and types; no input or output.
 * @module
 */
export * from "./canonical-quantity.ts";
export * from "./condition.ts";
export * from "./copy.ts";
export * from "./message-of.ts";
export * from "./meta.ts";
export * from "./names.ts";
export * from "./node-selector.ts";
export * from "./quantity.ts";
export * from "./quota-usage.ts";
export * from "./resource.ts";
export * from "./selector.ts";
export * from "./status-error.ts";
