import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { Manifest } from "./read-manifests.ts";

/** Kinds that others need first. */
const FIRST = ["CustomResourceDefinition", "Namespace", "ServiceAccount", "ClusterRole", "Role"];

/** Makes every object be as its manifest says; what others added to it stays. An unchanged object is not written. */
export async function applyManifests(client: Client, manifests: readonly Manifest[]): Promise<void> {
  const first = manifests.filter(({ type }) => FIRST.includes(type.kind));
  for (const kind of FIRST) {
    await Promise.all(
      first.filter(({ type }) => type.kind === kind).map((manifest) => apply(client, manifest)),
    );
  }
  const rest = manifests.filter(({ type }) => !FIRST.includes(type.kind));
  await Promise.all(rest.map((manifest) => apply(client, manifest)));
}

async function apply(client: Client, { type, object }: Manifest): Promise<void> {
  const { name = "", namespace } = object.metadata ?? {};
  const key = namespace === undefined ? { name } : { namespace, name };
  try {
    const present = await client.get(type, key);
    if (includes(present, object)) return;
    await client.patch(type, key, { type: "merge", body: object }, { fieldManager: "jdosd" });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    await client.create(type, object, { fieldManager: "jdosd" });
  }
}

/** Whether a merge patch would change nothing: objects hold at least the fields, all else is equal. */
export function includes(present: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null || typeof present !== "object" || present === null) {
    return present === wanted;
  }
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(present) &&
      present.length === wanted.length &&
      wanted.every((value, at) => includes(present[at], value))
    );
  }
  return Object.entries(wanted).every(([key, value]) =>
    includes((present as Record<string, unknown>)[key], value),
  );
}
