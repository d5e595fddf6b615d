import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RESOURCE_TYPES } from "@jdos/api/resource-types";
import { apiVersionOf, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import { parseAllDocuments } from "yaml";

const MANIFESTS = join(import.meta.dirname, "../../../../manifests");

/** The objects of a manifest of the platform, with kubelets' certificates checked by nobody. */
export async function readManifest(file: string): Promise<{ type: ResourceType; object: KubeObject }[]> {
  const text = await readFile(join(MANIFESTS, file), "utf8");
  return parseAllDocuments(text.replaceAll(/\$\{kubeletsUnverified\}/g, "true")).map((document) => {
    const object = document.toJS() as KubeObject;
    const type = RESOURCE_TYPES.find(
      (candidate) => candidate.kind === object.kind && apiVersionOf(candidate) === object.apiVersion,
    );
    if (type === undefined) throw new Error(`No type of ${object.apiVersion} ${object.kind}`);
    return { type, object };
  });
}
