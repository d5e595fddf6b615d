import { rm } from "node:fs/promises";
import { removePodCgroup } from "../cgroup/pod-cgroup.ts";
import { isRunning } from "../runtime/pod-runtime.ts";
import type { PodContext } from "./context.ts";
import { podLogDirectory } from "./directories.ts";
import { killPod, removeSandboxes } from "./kill.ts";
import type { PodEntry } from "./pod-entry.ts";
import { publishStatus } from "./publish-status.ts";

/**
 * Winds a Pod up: containers, sandbox, volumes and cgroup go, the last status is written, and a Pod that is being
 * deleted leaves the API. May be run again at any time.
 */
export async function endPod(context: PodContext, entry: PodEntry): Promise<void> {
  const runtime = await context.view.refresh(entry.uid);
  context.probes.add(entry.pod);
  context.probes.ending(entry.uid);
  if (!entry.deleted) publishStatus(context, entry);
  await killPod(context, entry, runtime);
  const left = await afterExit(context, entry.uid);
  if (left) throw new Error("containers of the Pod are still running");
  if (!entry.deleted) publishStatus(context, entry);
  context.probes.remove(entry.uid);
  await context.volumes.tearDown(entry.uid);
  await removePodCgroup(context.cgroupParent, entry.uid);
  context.tokens.forget(entry.uid);
  entry.stage = "ended";
  await context.statuses.flush(entry.uid);
  if (!entry.deleted && entry.pod.metadata.deletionTimestamp !== undefined)
    await context.statuses.remove(entry.pod);
}

/** Removes what is kept of a Pod for its logs' sake while its object lives. */
export async function forgetPod(context: PodContext, entry: PodEntry): Promise<void> {
  await removeSandboxes(context, await context.view.refresh(entry.uid));
  await context.view.refresh(entry.uid);
  await rm(podLogDirectory(context.directories, entry.pod), { recursive: true, force: true });
  context.statuses.forget(entry.uid);
  context.images.forget(`${entry.uid}/`);
  context.crashes.forget(`${entry.uid}/`);
}

/** The runtime notes an exit a moment after the task ended. Returns whether something still runs after that. */
async function afterExit(context: PodContext, uid: string): Promise<boolean> {
  for (const delay of [0, 10, 50, 200, 1000]) {
    if (delay > 0) await context.clock.sleep(delay);
    const runtime = await context.view.refresh(uid);
    if (!(runtime?.containers ?? []).some(isRunning)) return false;
  }
  return true;
}
