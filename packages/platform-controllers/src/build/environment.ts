import { type ConfigMap, ConfigMaps } from "@jdos/api";
import { deepEqual, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

/** Certificate authorities, npm, pip, apt and proxy settings for builds. */
export const BUILD_ENVIRONMENT = "build-environment";

/**
 * Copies the platform's build environment to a system's Namespace: Pods mount only what is in their own. Resolves with
 * its files.
 */
export async function copyEnvironment(
  client: Client,
  from: string,
  to: string,
): Promise<Readonly<Record<string, string>>> {
  const original = await find(client, from);
  if (original === undefined) return {};
  const copy = await find(client, to);
  const content = { data: original.data, binaryData: original.binaryData };
  if (copy === undefined) {
    try {
      await client.create(ConfigMaps, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
          name: BUILD_ENVIRONMENT,
          namespace: to,
          labels: { "app.kubernetes.io/managed-by": "jdos" },
        },
        ...content,
      } as ConfigMap);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
    }
  } else if (!deepEqual({ data: copy.data, binaryData: copy.binaryData }, content))
    await client.update(ConfigMaps, { ...copy, ...content } as Stored<ConfigMap>);
  return original.data ?? {};
}

async function find(client: Client, namespace: string): Promise<Stored<ConfigMap> | undefined> {
  try {
    return await client.get(ConfigMaps, { namespace, name: BUILD_ENVIRONMENT });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
