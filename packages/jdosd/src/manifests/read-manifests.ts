import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CustomResourceDefinitions, JDOS_DEFINITIONS } from "@jdos/api";
import { RESOURCE_TYPES } from "@jdos/api/resource-types";
import { apiVersionOf, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import { parseAllDocuments } from "yaml";
import { JdosdError } from "../errors.ts";

/** What a manifest may name: `${gateway}` stands for values.gateway, `${checksum}` for the file's content. */
export type ManifestValues = Readonly<Record<string, string | number>>;

export interface Manifest {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

/** What is for clusters, in a folder of its own; and what is generated from JDOS_DEFINITIONS, which is here without parsing. */
const LEFT_OUT = /^(cluster|crds)\//;

/**
 * The platform's definitions, and one machine's YAML files below a directory, sorted by path, with the values filled in.
 * @throws JdosdError ManifestInvalid
 */
export async function readManifests(directory: string, values: ManifestValues): Promise<Manifest[]> {
  const files = (await readdir(directory, { recursive: true }))
    .filter((file) => file.endsWith(".yaml") && !LEFT_OUT.test(file))
    .sort();
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), "utf8")));
  const parsed = files.flatMap((file, at) =>
    parseManifests(texts[at]!, { file: join(directory, file), values }),
  );
  return [...DEFINITIONS, ...parsed];
}

const DEFINITIONS: readonly Manifest[] = JDOS_DEFINITIONS.map((object) => ({
  type: CustomResourceDefinitions,
  object,
}));

/** The objects of one manifest's text. Placeholders stand in values, never in comments' way. */
export function parseManifests(
  text: string,
  { file, values }: { file: string; values: ManifestValues },
): Manifest[] {
  const fill = (source: string, from: ManifestValues) =>
    source.replaceAll(/\$\{(\w+)\}/g, (_placeholder, name: string) => {
      const value = from[name];
      if (value === undefined) throw invalid(file, `no value "${name}"`);
      return String(value);
    });
  const content = fill(text, { ...values, checksum: "" });
  const filled = fill(text, {
    ...values,
    checksum: `"${createHash("sha256").update(content).digest("hex").slice(0, 16)}"`,
  });
  return parseAllDocuments(filled).flatMap((document) => {
    if (document.errors.length > 0) throw invalid(file, document.errors[0]!.message);
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [{ object, type: typeOf(object, file) }];
  });
}

function typeOf({ apiVersion, kind }: KubeObject, file: string): ResourceType {
  const type = RESOURCE_TYPES.find(
    (candidate) => candidate.kind === kind && apiVersionOf(candidate) === apiVersion,
  );
  if (type === undefined) throw invalid(file, `kind "${kind}" of "${apiVersion}" is not known`);
  return type;
}

function invalid(file: string, state: string): JdosdError {
  return new JdosdError("ManifestInvalid", `Cannot read manifest "${file}": ${state}`, {
    hint: "Restore the file from the repository",
  });
}
