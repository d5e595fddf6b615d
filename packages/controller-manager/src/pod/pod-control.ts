import { type Pod, Pods } from "@jdos/api";
import { isStatus, type KubeObject, keyOf, messageOf } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ReconcileContext } from "@jdos/controller-runtime";

type Context = Pick<ReconcileContext, "client" | "events">;

/** Creates a Pod for its owner, and says in an event of the owner how that went. */
export async function createPod(
  { client, events }: Context,
  owner: Stored<KubeObject>,
  pod: Pod,
): Promise<Stored<Pod>> {
  try {
    const created = await client.create(Pods, pod);
    events.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
    return created;
  } catch (error) {
    if (!isNamespaceTerminating(error))
      events.event(owner, "Warning", "FailedCreate", `Error creating: ${messageOf(error)}`);
    throw error;
  }
}

/** Deletes a Pod of the owner; one that is gone is fine. */
export async function deletePod(
  { client, events }: Context,
  owner: Stored<KubeObject>,
  pod: Stored<Pod>,
): Promise<void> {
  try {
    await client.delete(Pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
    events.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
  } catch (error) {
    if (isStatus(error, "NotFound")) return;
    events.event(owner, "Warning", "FailedDelete", `Error deleting: ${messageOf(error)}`);
    throw error;
  }
}

/** Nothing can be created there any more, and all of it will go soon. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    isStatus(error, "Forbidden") &&
    error.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") === true
  );
}
