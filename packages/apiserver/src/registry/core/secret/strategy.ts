import { type Secret, Secrets } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import { ageColumn, integer, nameColumn, text } from "../../../printing/columns.ts";
import type { Strategy } from "../../strategy.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { validateImmutable } from "../../validation/immutable.ts";
import { configKey, dnsSubdomain, nameRule } from "../../validation/names.ts";

const SIZE_LIMIT = 1024 * 1024;

/** Keys that a Secret of a type must have. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

function validate(secret: Secret): FieldError[] {
  const errors = new FieldErrors();
  let size = 0;
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    errors.allInvalid(`data[${key}]`, key, configKey(key));
    size += Buffer.byteLength(value, "base64");
  }
  if (size > SIZE_LIMIT) errors.tooLong("data", SIZE_LIMIT);
  validateType(errors, secret);
  return errors.list;
}

function validateType(errors: FieldErrors, secret: Secret): void {
  const type = secret.type ?? "Opaque";
  for (const key of REQUIRED_KEYS[type] ?? []) {
    const value = secret.data?.[key];
    if (value === undefined) errors.required(`data[${key}]`);
    else if (key.startsWith(".docker") && !isJson(value)) {
      errors.invalid(`data[${key}]`, "<secret contents redacted>", "invalid character in JSON");
    }
  }
  if (type === "kubernetes.io/basic-auth") {
    const { username, password } = secret.data ?? {};
    if (username === undefined && password === undefined) errors.required("data[username]");
  }
  const account = "kubernetes.io/service-account.name";
  if (type === "kubernetes.io/service-account-token" && !secret.metadata?.annotations?.[account]) {
    errors.required(`metadata.annotations[${account}]`);
  }
}

function isJson(encoded: string): boolean {
  try {
    JSON.parse(Buffer.from(encoded, "base64").toString());
    return true;
  } catch {
    return false;
  }
}

function validateUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors = new FieldErrors();
  errors.immutable("type", secret.type, secret.type === old.type);
  return [...errors.list, ...validateImmutable(secret, old, ["data"])];
}

/** stringData is for writing only: it goes into data, and wins. */
function defaults(secret: Secret): void {
  secret.type ||= "Opaque";
  if (secret.stringData === undefined) return;
  const encoded = Object.entries(secret.stringData).map(([key, value]) => [
    key,
    Buffer.from(value).toString("base64"),
  ]);
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

export const secretStrategy: Strategy<Secret> = {
  type: Secrets,
  singular: "secret",
  subresources: [],
  validateName: nameRule(dnsSubdomain),
  defaults,
  validate,
  validateUpdate,
  selectableFields: { type: (secret) => secret.type ?? "" },
  columns: [
    nameColumn(),
    text("Type", (secret) => secret.type ?? ""),
    integer("Data", (secret) => Object.keys(secret.data ?? {}).length),
    ageColumn(),
  ],
};
