import { shapedKindOf } from "@jdos/api/older-shapes";
import { apiVersionOf, type DeepReadonly, type KubeObject, type OwnerReference } from "@jdos/apimachinery";
import type { Discovery } from "./discovery.ts";
import { servedVersion } from "./served-version.ts";

type Owner = DeepReadonly<OwnerReference>;

/**
 * The object with its owners named in versions that the server serves: its garbage collector finds no owner in
 * another.
 */
export async function ownersAsServed<O extends DeepReadonly<KubeObject>>(
  discovery: Discovery,
  object: O,
): Promise<O> {
  const owners = object.metadata?.ownerReferences as readonly Owner[] | undefined;
  if (owners === undefined || !owners.some(shapedKindOf)) return object;
  const ownerReferences = await Promise.all(owners.map((owner) => asServed(discovery, owner)));
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
}

async function asServed(discovery: Discovery, owner: Owner): Promise<Owner> {
  const kind = shapedKindOf(owner);
  if (kind === undefined) return owner;
  const { type } = await servedVersion(discovery, kind, kind.type);
  return { ...owner, apiVersion: apiVersionOf(type) };
}
