import { Pods } from "@jdos/api";
import { isStatus, resourcePath } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";

/**
 * Whoever may not read the logs of Pods may not read those that were kept of them. A Pod that cannot be is asked for: the
 * API server looks at the right first.
 * @throws StatusError Forbidden
 */
export async function mayReadLogs(client: Client, namespace: string): Promise<void> {
  try {
    const path = resourcePath(Pods, { namespace, name: "a-pod-that-is-not", subresource: "log" });
    const { body } = await client.raw({ path });
    for await (const _ of body) break;
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
