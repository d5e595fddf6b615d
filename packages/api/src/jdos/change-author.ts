import type { DeepReadonly } from "@jdos/apimachinery";
import type { Application, ApplicationSpec } from "./application.ts";
import { hashOf } from "./release-hash.ts";

/** Says on an Application who asked for the configuration it has: a hash of that, and the name. */
export const CHANGED_BY_ANNOTATION = "jdos.io/changed-by";

/** The annotations of an Application whose spec this person wrote. */
export function changedBy(spec: DeepReadonly<ApplicationSpec>, person: string): Record<string, string> {
  return { [CHANGED_BY_ANNOTATION]: `${fingerprint(spec)} ${person}` };
}

/** Who asked for what the Application says now; undefined when that was changed since, by whoever. */
export function changeAuthor({ metadata = {}, spec }: DeepReadonly<Application>): string | undefined {
  const note = metadata.annotations?.[CHANGED_BY_ANNOTATION] ?? "";
  const end = note.indexOf(" ");
  return note.slice(0, end) === fingerprint(spec) ? note.slice(end + 1) : undefined;
}

/** Of all that makes a Release. */
function fingerprint({ run, routes, rollbackTo, source }: DeepReadonly<ApplicationSpec>): string {
  return hashOf({ run, routes, rollbackTo, image: source?.image }).slice(0, 16);
}
