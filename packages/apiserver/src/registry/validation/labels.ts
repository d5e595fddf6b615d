import type { LabelSelector } from "@jdos/apimachinery";
import type { FieldErrors } from "./field-errors.ts";
import { labelValue, qualifiedName } from "./names.ts";

type StringMap = { readonly [key: string]: string } | undefined;

export function validateLabels(errors: FieldErrors, path: string, labels: StringMap): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.allInvalid(path, key, qualifiedName(key));
    errors.allInvalid(path, value, labelValue(value));
  }
}

const ANNOTATIONS_LIMIT = 256 * 1024;

export function validateAnnotations(errors: FieldErrors, path: string, annotations: StringMap): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    errors.allInvalid(path, key, qualifiedName(key.toLowerCase()));
    size += key.length + value.length;
  }
  if (size > ANNOTATIONS_LIMIT) errors.tooLong(path, ANNOTATIONS_LIMIT);
}

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"];

export function validateLabelSelector(
  errors: FieldErrors,
  path: string,
  selector: LabelSelector | undefined,
): void {
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) {
    errors.allInvalid(`${path}.matchLabels`, key, qualifiedName(key));
    errors.allInvalid(`${path}.matchLabels`, value, labelValue(value));
  }
  for (const [index, { key, operator, values }] of (selector?.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    errors.allInvalid(`${at}.key`, key, qualifiedName(key ?? ""));
    if (!OPERATORS.includes(operator)) {
      errors.invalid(`${at}.operator`, operator, "not a valid selector operator");
    } else if (operator.endsWith("In") && (values ?? []).length === 0) {
      errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (operator.endsWith("Exist") || operator === "Exists") {
      if ((values ?? []).length > 0) {
        errors.forbidden(
          `${at}.values`,
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        );
      }
    }
    for (const [i, value] of (values ?? []).entries()) {
      errors.allInvalid(`${at}.values[${i}]`, value, labelValue(value));
    }
  }
}

export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  const { matchLabels, matchExpressions } = selector ?? {};
  return Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0;
}
