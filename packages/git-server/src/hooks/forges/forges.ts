import type { IncomingHttpHeaders } from "node:http";
import type { ForgeName } from "@jdos/api";
import type { Forge } from "./forge.ts";
import { generic } from "./generic.ts";
import { gitea } from "./gitea.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";

/** In the order in which a request is asked whose it is: Gitea sends GitHub's headers too, GitLab may send generic ones. */
const FORGES: readonly Forge[] = [gitlab, gitea, github, generic];

export function forgeOf(name: ForgeName): Forge {
  return FORGES.find((forge) => forge.name === name) ?? generic;
}

/** The forge that may have signed a request; undefined: none has. */
export function signerOf(headers: IncomingHttpHeaders): Forge | undefined {
  return FORGES.find((forge) => forge.isSigned(headers));
}
