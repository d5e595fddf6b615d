import type { Subresource } from "../strategy.ts";

/** scale and status, of the Kinds that have both. */
export const scaleAndStatus: readonly Subresource[] = [
  { name: "scale", verbs: ["get", "patch", "update"], group: "autoscaling", version: "v1", kind: "Scale" },
  { name: "status", verbs: ["get", "patch", "update"] },
];

export const statusOnly: readonly Subresource[] = [{ name: "status", verbs: ["get", "patch", "update"] }];
