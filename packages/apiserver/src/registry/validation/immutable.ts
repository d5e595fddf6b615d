import { deepEqual, type FieldError, type KubeObject } from "@jdos/apimachinery";
import { FieldErrors } from "./field-errors.ts";

/** The rule of Kinds with `immutable: true` (ConfigMap, Secret): these members stay, and so does the mark itself. */
export function validateImmutable(
  object: KubeObject & { immutable?: boolean },
  old: KubeObject & { immutable?: boolean },
  members: readonly string[],
): FieldError[] {
  const errors = new FieldErrors();
  if (old.immutable !== true) return errors.list;
  if (object.immutable !== true) errors.forbidden("immutable", "field is immutable when `immutable` is set");
  const after = object as Record<string, unknown>;
  const before = old as Record<string, unknown>;
  for (const member of members) {
    if (!deepEqual(after[member] ?? {}, before[member] ?? {})) {
      errors.forbidden(member, "field is immutable when `immutable` is set");
    }
  }
  return errors.list;
}
