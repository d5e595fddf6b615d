import { SYSTEM_LABEL } from "@jdos/api";

/** Labels of everything that belongs to a System. */
export function systemLabels(system: string): Record<string, string> {
  return { [SYSTEM_LABEL]: system, "app.kubernetes.io/managed-by": "jdos" };
}
