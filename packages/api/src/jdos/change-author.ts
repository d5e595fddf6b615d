import type { DeepReadonly } from "@jdos/apimachinery";
import type { Application, ApplicationSpec } from "./application.ts";
import { FORCED_BY_ANNOTATION } from "./group.ts";
import { hashOf } from "./release-hash.ts";

/** Says on an Application who asked for the configuration it has: a hash of that, and the name. */
export const CHANGED_BY_ANNOTATION = "jdos.io/changed-by";

/** The annotations of an Application whose spec this person wrote. */
export function changedBy(spec: DeepReadonly<ApplicationSpec>, person: string): Record<string, string> {
  return { [CHANGED_BY_ANNOTATION]: `${fingerprint(spec)} ${person}` };
}

/** Who asked for what the Application says now; undefined when that was changed since, by whoever. */
export function changeAuthor({ metadata = {}, spec }: DeepReadonly<Application>): string | undefined {
  return signer(metadata.annotations?.[CHANGED_BY_ANNOTATION], spec);
}

/** The annotations by which a change of this person goes before a freeze window. */
export function forcedAnnotations(
  spec: DeepReadonly<ApplicationSpec>,
  person: string,
): Record<string, string> {
  return { [FORCED_BY_ANNOTATION]: `${fingerprint(spec)} ${person}` };
}

/** Who let what the Application asks for now go before a freeze window; undefined: nobody did. */
export function forcedBy({ metadata = {}, spec }: DeepReadonly<Application>): string | undefined {
  return signer(metadata.annotations?.[FORCED_BY_ANNOTATION], spec);
}

function signer(note = "", spec: DeepReadonly<ApplicationSpec>): string | undefined {
  const end = note.indexOf(" ");
  return note.slice(0, end) === fingerprint(spec) ? note.slice(end + 1) : undefined;
}

/** Of all that makes a Release. */
function fingerprint({ run, routes, rollbackTo, source }: DeepReadonly<ApplicationSpec>): string {
  return hashOf({ run, routes, rollbackTo, image: source?.image }).slice(0, 16);
}
