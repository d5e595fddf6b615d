import { type Pod, Pods } from "@jdos/api";
import {
  controllerOf,
  controllerReference,
  type DeepReadonly,
  isStatus,
  type KubeObject,
  keyOf,
  type LabelSelector,
  matchesSelector,
  type OwnerReference,
  type ResourceType,
} from "@jdos/apimachinery";
import type { Client, InformerFactory, Stored } from "@jdos/client";
import { controlledPods } from "../pod/controlled-pods.ts";

const ORPHANS = "orphans-by-namespace";

/** Files Pods without a controller under their namespace. */
export function indexOrphanPods(informers: InformerFactory): void {
  informers
    .for(Pods)
    .addIndex(ORPHANS, (pod) => (controllerOf(pod) === undefined ? [pod.metadata.namespace ?? ""] : []));
}

export interface ClaimOptions {
  client: Client;
  informers: InformerFactory;
  /** The type of the owner, which is read afresh before anything is adopted. */
  type: ResourceType;
  selector: DeepReadonly<LabelSelector> | undefined;
}

/**
 * The Pods an owner with a selector controls: takes in those that match and have no controller, lets go of those
 * that match no more.
 */
export async function claimPods(
  owner: Stored<KubeObject>,
  { client, informers, type, selector }: ClaimOptions,
): Promise<Stored<Pod>[]> {
  const matches = (pod: Stored<Pod>): boolean => matchesSelector(selector, pod.metadata.labels);
  const deleting = owner.metadata.deletionTimestamp !== undefined;
  const claimed: Stored<Pod>[] = [];
  for (const pod of controlledPods(informers, owner.metadata.uid)) {
    if (matches(pod)) claimed.push(pod);
    else if (!deleting && pod.metadata.deletionTimestamp === undefined) await release(client, owner, pod);
  }
  if (deleting) return claimed;
  const orphans = informers.for(Pods).lister.byIndex(ORPHANS, owner.metadata.namespace ?? "");
  const adoptable = orphans.filter((pod) => pod.metadata.deletionTimestamp === undefined && matches(pod));
  if (adoptable.length === 0) return claimed;
  if (!(await stillLives(client, owner, type))) return claimed;
  for (const pod of adoptable) {
    const adopted = await adopt(client, owner, pod);
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

/** The informer may be behind: what was deleted must not adopt. */
async function stillLives(client: Client, owner: Stored<KubeObject>, type: ResourceType): Promise<boolean> {
  try {
    const fresh = await client.get(type, keyOf(owner));
    return fresh.metadata.uid === owner.metadata.uid && fresh.metadata.deletionTimestamp === undefined;
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}

async function adopt(
  client: Client,
  owner: Stored<KubeObject>,
  pod: Stored<Pod>,
): Promise<Stored<Pod> | undefined> {
  const others = pod.metadata.ownerReferences ?? [];
  return writeOwners(client, pod, [...others, controllerReference(owner)]);
}

async function release(client: Client, owner: Stored<KubeObject>, pod: Stored<Pod>): Promise<void> {
  const others = (pod.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
  await writeOwners(client, pod, others);
}

/** A Pod that is gone is fine; one that has changed is for the next round. */
async function writeOwners(
  client: Client,
  pod: Stored<Pod>,
  ownerReferences: readonly Readonly<OwnerReference>[],
): Promise<Stored<Pod> | undefined> {
  const { uid, resourceVersion } = pod.metadata;
  const body = { metadata: { uid, resourceVersion, ownerReferences } };
  try {
    return await client.patch(Pods, keyOf(pod), { type: "merge", body });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
