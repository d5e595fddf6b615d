import type { OlderShape, ShapedKind } from "@jdos/api/older-shapes";
import { apiVersionOf, isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import { UnsupportedError } from "../errors.ts";
import type { Discovery } from "./discovery.ts";

/** The version in which a server serves a Kind. */
export interface ServedVersion<T extends KubeObject = KubeObject> {
  readonly type: ResourceType<T>;
  /** Absent: it is the newest. */
  readonly shape?: OlderShape;
}

/**
 * The newest version of a Kind that the server serves. Who may not read discovery gets the newest there is.
 * @throws UnsupportedError when it serves none
 */
export async function servedVersion<T extends KubeObject>(
  discovery: Discovery,
  { older }: ShapedKind,
  type: ResourceType<T>,
): Promise<ServedVersion<T>> {
  const newest: ServedVersion<T> = { type };
  const versions = [newest, ...older.map((shape) => ({ type: { ...type, version: shape.version }, shape }))];
  try {
    for (const version of versions) {
      const resources = await discovery.resources(apiVersionOf(version.type));
      if (resources?.has(type.resource)) return version;
    }
  } catch (error) {
    if (isStatus(error, "Forbidden")) return newest;
    throw error;
  }
  // Switched on later, it is found by the next call.
  discovery.forget(type.group);
  const names = versions.map((version) => apiVersionOf(version.type)).join(" nor ");
  throw new UnsupportedError(`Cannot use Kind "${type.kind}": the cluster serves it in neither ${names}`, {
    hint: "JDOS needs Kubernetes 1.20 or newer with its built-in APIs enabled: kubectl api-resources lists them",
  });
}
