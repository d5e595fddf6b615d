import type { VerbContext } from "./context.ts";

/** Succeeds when an ADD can be served. */
export function cmdStatus({ driver }: VerbContext): Promise<void> {
  return driver.status();
}
