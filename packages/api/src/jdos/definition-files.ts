import { stringify } from "yaml";
import { JDOS_DEFINITIONS } from "./definitions.ts";

/** The files of manifests/crds: name and text. */
export function definitionFiles(): Map<string, string> {
  return new Map(
    JDOS_DEFINITIONS.map((definition) => [
      `${definition.spec.names.plural}.${definition.spec.group}.yaml`,
      `# Generated from packages/api/src/jdos/schema. Do not edit.\n${stringify(definition, { aliasDuplicateObjects: false, lineWidth: 110 })}`,
    ]),
  );
}
