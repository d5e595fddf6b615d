import { StatusError } from "@jdos/apimachinery";
import type { Call, Core, WriteCallOptions } from "./call.ts";

/**
 * Looks for fields the schema does not know and for values of a wrong type: unknown fields are refused (Strict),
 * warned about (Warn, the default) or let through (Ignore); a wrong type is always refused.
 */
export function validateFields(
  core: Core,
  call: Call,
  object: unknown,
  { fieldValidation = "Warn" }: WriteCallOptions,
): void {
  const { type } = call.endpoint;
  const { unknownFields, typeErrors } = core.schemas.inspect(type, object);
  if (typeErrors.length > 0) {
    throw new StatusError(
      "BadRequest",
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${typeErrors.join(", ")}`,
    );
  }
  if (fieldValidation === "Ignore" || unknownFields.length === 0) return;
  const sentences = unknownFields.map((field) => `unknown field "${field}"`);
  if (fieldValidation === "Strict") {
    throw new StatusError(
      "BadRequest",
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${sentences.join(", ")}`,
    );
  }
  for (const sentence of sentences) call.warn?.(sentence);
}
