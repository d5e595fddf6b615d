import type { ResourceType } from "@jdos/apimachinery";
import * as kinds from "./index.ts";

/** How each Kind of this package is reached: for who reads manifests and finds in them which Kind an object is. */
export const RESOURCE_TYPES: readonly ResourceType[] = (Object.values(kinds) as unknown[]).filter(
  isResourceType,
);

function isResourceType(value: unknown): value is ResourceType {
  return (
    typeof value === "object" &&
    value !== null &&
    "resource" in value &&
    "kind" in value &&
    "namespaced" in value
  );
}
