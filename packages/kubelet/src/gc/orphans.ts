import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { podCgroups, removePodCgroup } from "../cgroup/pod-cgroup.ts";
import type { PodContext } from "../pod/context.ts";
import { killUnknownPod, removeSandboxes } from "../pod/kill.ts";
import { POD_UID } from "../runtime/labels.ts";

/**
 * Removes what belongs to Pods that nobody knows: containers, volumes, log directories and cgroups that a killed
 * process left behind. Call it only when all of the node's Pods are known.
 */
export async function removeOrphans(context: PodContext, isKnown: (uid: string) => boolean): Promise<void> {
  for (const uid of context.view.uids()) {
    if (isKnown(uid)) continue;
    const runtime = await context.view.refresh(uid);
    if (runtime === undefined || isKnown(uid)) continue;
    context.log.info(
      { pod: runtime.name, namespace: runtime.namespace, uid },
      "Ending a Pod that nobody knows",
    );
    await killUnknownPod(context, runtime);
    await removeSandboxes(context, runtime);
    await context.view.refresh(uid);
  }
  await removeLonelyContainers(context);
  for (const uid of await context.volumes.uids()) {
    if (!isKnown(uid) && context.view.get(uid) === undefined) await context.volumes.tearDown(uid);
  }
  for (const uid of await podCgroups(context.cgroupParent)) {
    if (!isKnown(uid) && context.view.get(uid) === undefined)
      await removePodCgroup(context.cgroupParent, uid);
  }
  for (const name of await readdir(context.directories.logs).catch(() => [])) {
    const uid = name.slice(name.lastIndexOf("_") + 1);
    if (!isKnown(uid)) await rm(join(context.directories.logs, name), { recursive: true, force: true });
  }
}

/** A container whose sandbox is gone cannot be removed with it. */
async function removeLonelyContainers({ cri }: PodContext): Promise<void> {
  const [containers, sandboxes] = await Promise.all([cri.listContainers(), cri.listPodSandboxes()]);
  const present = new Set(sandboxes.map((sandbox) => sandbox.id));
  for (const container of containers) {
    if (container.labels[POD_UID] !== undefined && !present.has(container.podSandboxId)) {
      await cri.removeContainer(container.id);
    }
  }
}
