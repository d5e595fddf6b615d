import { PersistentVolumeClaims, type StatefulSet } from "@jdos/api";
import { deepCopy, isStatus, messageOf } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ReconcileContext } from "@jdos/controller-runtime";
import { claimName } from "./ordinals.ts";

/** Makes the claims of an ordinal that are not there yet. They outlive the Pod and the set. */
export async function ensureClaims(
  { client, events }: ReconcileContext,
  set: Stored<StatefulSet>,
  ordinal: number,
): Promise<void> {
  for (const template of set.spec?.volumeClaimTemplates ?? []) {
    const name = claimName(set, template.metadata?.name ?? "", ordinal);
    const metadata = {
      name,
      namespace: set.metadata.namespace,
      labels: { ...template.metadata?.labels, ...set.spec?.selector.matchLabels },
      annotations: { ...template.metadata?.annotations },
    };
    const subject = `claim ${name} Pod ${set.metadata.name}-${ordinal} in StatefulSet ${set.metadata.name}`;
    try {
      await client.create(PersistentVolumeClaims, {
        metadata,
        spec: deepCopy<NonNullable<typeof template.spec>>(template.spec!),
      });
      events.event(set, "Normal", "SuccessfulCreate", `create ${subject} success`);
    } catch (error) {
      if (isStatus(error, "AlreadyExists")) continue;
      events.event(set, "Warning", "FailedCreate", `create ${subject} failed error: ${messageOf(error)}`);
      throw error;
    }
  }
}
