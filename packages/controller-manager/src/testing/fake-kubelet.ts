import { type Pod, Pods } from "@jdos/api";
import { formatTime, isStatus, keyOf } from "@jdos/apimachinery";
import { type Client, createInformerFactory, type Stored } from "@jdos/client";
import type { Running } from "@jdos/component-base";

export interface FakeKubeletOptions {
  client: Client;
  /** Whether the Pod's containers become ready. Defaults to all but those with the image "never-ready". */
  becomesReady?(pod: Stored<Pod>): boolean;
}

/** Stands in for the nodes: Pods run and become ready as soon as they are created, and end when they are deleted. */
export async function startFakeKubelet({
  client,
  becomesReady = hasGoodImage,
}: FakeKubeletOptions): Promise<Running> {
  const informers = createInformerFactory(client);
  const work = new Set<Promise<void>>();
  const see = (pod: Stored<Pod>): void => {
    const step = serve(client, pod, becomesReady(pod)).finally(() => work.delete(step));
    work.add(step);
  };
  informers.for(Pods).addHandlers({ added: see, updated: see });
  informers.start();
  await informers.waitForSync();
  return {
    stop: async () => {
      await informers.stop();
      await Promise.all(work);
    },
  };
}

function hasGoodImage(pod: Stored<Pod>): boolean {
  return pod.spec?.containers.every(({ image }) => image !== "never-ready") === true;
}

async function serve(client: Client, pod: Stored<Pod>, ready: boolean): Promise<void> {
  try {
    if (pod.metadata.deletionTimestamp !== undefined) {
      await client.delete(Pods, keyOf(pod), {
        gracePeriodSeconds: 0,
        preconditions: { uid: pod.metadata.uid },
      });
    } else if (pod.status?.phase === "Pending") {
      await client.patch(
        Pods,
        keyOf(pod),
        { type: "merge", body: { status: runningStatus(ready) } },
        { subresource: "status" },
      );
    }
  } catch (error) {
    if (!isStatus(error, "NotFound", "Conflict")) throw error;
  }
}

function runningStatus(ready: boolean): object {
  const now = formatTime(new Date());
  const status = ready ? "True" : "False";
  return {
    phase: "Running",
    startTime: now,
    conditions: ["Ready", "ContainersReady"].map((type) => ({ type, status, lastTransitionTime: now })),
  };
}
