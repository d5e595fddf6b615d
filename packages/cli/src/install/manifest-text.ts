import type { KubeObject } from "@jdos/apimachinery";
import { stringify } from "yaml";

/** Objects as kubectl apply takes them. */
export function manifestText(objects: readonly KubeObject[]): string {
  return objects.map((object) => stringify(object).trimEnd()).join("\n---\n");
}
