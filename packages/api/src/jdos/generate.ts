/**
 * Writes manifests/crds/*.yaml from the schemas beside it: `node packages/api/src/jdos/generate.ts`.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { definitionFiles } from "./definition-files.ts";

const directory = join(import.meta.dirname, "../../../../manifests/crds");
mkdirSync(directory, { recursive: true });
for (const [name, text] of definitionFiles()) writeFileSync(join(directory, name), text);
