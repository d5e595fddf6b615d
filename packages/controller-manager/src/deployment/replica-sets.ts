import { type Deployment, type ReplicaSet, ReplicaSets } from "@jdos/api";
import {
  controllerOf,
  controllerReference,
  isStatus,
  keyOf,
  matchesSelector,
  type OwnerReference,
} from "@jdos/apimachinery";
import type { Client, InformerFactory, Stored } from "@jdos/client";
import { equalTemplates } from "./template-hash.ts";

const BY_OWNER = "controller-uid";

export function indexReplicaSets(informers: InformerFactory): void {
  informers.for(ReplicaSets).addIndex(BY_OWNER, (set) => {
    const owner = controllerOf(set);
    return owner === undefined ? [] : [owner.uid];
  });
}

/** The ReplicaSets of a Deployment; those that match its selector and have no controller are taken in first. */
export async function claimReplicaSets(
  client: Client,
  informers: InformerFactory,
  deployment: Stored<Deployment>,
): Promise<Stored<ReplicaSet>[]> {
  const { lister } = informers.for(ReplicaSets);
  const owned = [...lister.byIndex(BY_OWNER, deployment.metadata.uid)];
  if (deployment.metadata.deletionTimestamp !== undefined) return owned;
  for (const set of lister.list(deployment.metadata.namespace)) {
    if (controllerOf(set) !== undefined || set.metadata.deletionTimestamp !== undefined) continue;
    if (!matchesSelector(deployment.spec?.selector, set.metadata.labels)) continue;
    const adopted = await adopt(client, deployment, set);
    if (adopted !== undefined) owned.push(adopted);
  }
  return owned;
}

async function adopt(
  client: Client,
  deployment: Stored<Deployment>,
  set: Stored<ReplicaSet>,
): Promise<Stored<ReplicaSet> | undefined> {
  const ownerReferences: Readonly<OwnerReference>[] = [
    ...(set.metadata.ownerReferences ?? []),
    controllerReference(deployment),
  ];
  const { uid, resourceVersion } = set.metadata;
  const body = { metadata: { uid, resourceVersion, ownerReferences } };
  try {
    return await client.patch(ReplicaSets, keyOf(set), { type: "merge", body });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

/** The set with the Deployment's present template; of several, the oldest. */
export function findNewSet(
  deployment: Stored<Deployment>,
  sets: readonly Stored<ReplicaSet>[],
): Stored<ReplicaSet> | undefined {
  return byAge(sets).find((set) => equalTemplates(set.spec?.template, deployment.spec?.template));
}

/** Oldest first. */
export function byAge(sets: readonly Stored<ReplicaSet>[]): Stored<ReplicaSet>[] {
  const age = (set: Stored<ReplicaSet>): string => `${set.metadata.creationTimestamp} ${set.metadata.name}`;
  return [...sets].sort((a, b) => (age(a) < age(b) ? -1 : 1));
}

export function replicasOf(set: Stored<ReplicaSet>): number {
  return set.spec?.replicas ?? 1;
}

export function isActive(set: Stored<ReplicaSet>): boolean {
  return replicasOf(set) > 0;
}

export function sumReplicas(sets: readonly Stored<ReplicaSet>[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

/** Sums a number of the sets' statuses. */
export function sumStatus(
  sets: readonly Stored<ReplicaSet>[],
  field: "replicas" | "readyReplicas" | "availableReplicas",
): number {
  return sets.reduce((sum, set) => sum + (set.status?.[field] ?? 0), 0);
}
