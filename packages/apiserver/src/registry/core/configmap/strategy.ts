import { type ConfigMap, ConfigMaps } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import { ageColumn, integer, nameColumn } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { validateImmutable } from "../../validation/immutable.ts";
import { configKey, dnsSubdomain, nameRule } from "../../validation/names.ts";

const SIZE_LIMIT = 1024 * 1024;

function validate(map: ConfigMap): FieldError[] {
  const errors = new FieldErrors();
  let size = 0;
  for (const [key, value] of Object.entries(map.data ?? {})) {
    errors.allInvalid(`data[${key}]`, key, configKey(key));
    if (map.binaryData?.[key] !== undefined)
      errors.invalid(`data[${key}]`, key, "duplicate of key present in binaryData");
    size += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(map.binaryData ?? {})) {
    errors.allInvalid(`binaryData[${key}]`, key, configKey(key));
    size += Buffer.byteLength(value, "base64");
  }
  if (size > SIZE_LIMIT) errors.tooLong("", SIZE_LIMIT);
  return errors.list;
}

export const configMapStrategy: Strategy<ConfigMap> = {
  type: ConfigMaps,
  singular: "configmap",
  shortNames: ["cm"],
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  validate,
  validateUpdate: (map, old) => validateImmutable(map, old, ["data", "binaryData"]),
  columns: [
    nameColumn(),
    integer("Data", (map) => Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length),
    ageColumn(),
  ],
};
