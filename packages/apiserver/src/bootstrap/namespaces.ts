import { Namespaces } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";

const NAMES = ["default", "kube-system", "kube-public", "kube-node-lease"] as const;

/** The Namespaces every cluster has. */
export async function ensureNamespaces(client: Client): Promise<void> {
  await Promise.all(NAMES.map((name) => ensure(client, name)));
}

async function ensure(client: Client, name: string): Promise<void> {
  try {
    await client.create(Namespaces, { metadata: { name }, spec: { finalizers: ["kubernetes"] } });
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}
