import { type DeepReadonly, deepEqual, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

export interface ApplyStatusOptions<T extends KubeObject & { status?: unknown }> {
  type: ResourceType<T>;
  object: Stored<T>;
  status: DeepReadonly<NonNullable<T["status"]>> | NonNullable<T["status"]>;
}

/**
 * Writes the status subresource, unless it says so already; returns the object with its new status. Throws
 * StatusError Conflict when the object is stale.
 */
export async function applyStatus<T extends KubeObject & { status?: unknown }>(
  client: Client,
  { type, object, status }: ApplyStatusOptions<T>,
): Promise<Stored<T>> {
  if (deepEqual((object as { status?: unknown }).status, status)) return object;
  return client.update<T>(type, { ...object, status } as unknown as Stored<T>, { subresource: "status" });
}
