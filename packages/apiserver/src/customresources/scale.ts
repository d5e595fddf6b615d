import type { KubeObject } from "@jdos/apimachinery";
import type { CustomResourceSubresourceScale } from "kubernetes-types/apiextensions/v1.d.ts";
import type { Strategy } from "../registry/strategy.ts";
import { isObject, type Members } from "./schema.ts";

/** How the scale subresource reads and writes a custom resource, by the paths of its definition. */
export function scaleOf(given: CustomResourceSubresourceScale): NonNullable<Strategy["scale"]> {
  const read = (object: KubeObject, path: string | undefined): unknown =>
    path === undefined || path === ""
      ? undefined
      : membersOf(path).reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), object);
  const count = (value: unknown): number => (typeof value === "number" ? value : 0);
  return {
    get: (object) => ({
      specReplicas: count(read(object, given.specReplicasPath)),
      statusReplicas: count(read(object, given.statusReplicasPath)),
      selector: String(read(object, given.labelSelectorPath) ?? ""),
    }),
    set(object, replicas) {
      const path = membersOf(given.specReplicasPath);
      const last = path.pop();
      let inner = object as Members;
      for (const name of path) {
        if (!isObject(inner[name])) inner[name] = {};
        inner = inner[name] as Members;
      }
      if (last !== undefined) inner[last] = replicas;
    },
  };
}

/** ".spec.replicas": plain members only, as the API demands of these paths. */
function membersOf(path: string | undefined): string[] {
  return (path ?? "").split(".").filter((name) => name !== "");
}
