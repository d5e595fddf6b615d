import { isCriNotFound } from "../cri/cri-client.ts";
import { GRACE_PERIOD } from "../runtime/labels.ts";
import { isRunning, type PodRuntime, type RuntimeContainer } from "../runtime/pod-runtime.ts";
import type { PodContext } from "./context.ts";
import { runHook } from "./lifecycle.ts";
import { allContainersOf, type ContainerSpec, initContainersOf, isHostNetwork, isSidecar } from "./pod.ts";
import { graceOf, type PodEntry } from "./pod-entry.ts";
import { containerEvents } from "./pod-events.ts";

/** A container always gets this long after its preStop handler. */
const MIN_GRACE_SECONDS = 2;

export interface KillOptions {
  message: string;
  graceSeconds: number;
}

/** Runs the preStop handler and stops the container, within the grace period. */
export async function killContainer(
  context: PodContext,
  entry: PodEntry,
  container: RuntimeContainer,
  { message, graceSeconds }: KillOptions,
): Promise<void> {
  const spec = allContainersOf(entry.pod).find((item) => item.name === container.name);
  if (spec !== undefined) containerEvents(context, entry.pod, spec)("Normal", "Killing", message);
  const started = context.clock.monotonicMillis();
  const handler = spec?.lifecycle?.preStop;
  if (spec !== undefined && handler !== undefined && graceSeconds > 0) {
    await orShorter(entry, preStop(context, entry, spec, container, graceSeconds));
  }
  const spent = (context.clock.monotonicMillis() - started) / 1000;
  const left = graceSeconds === 0 ? 0 : Math.max(MIN_GRACE_SECONDS, Math.round(graceSeconds - spent));
  await stopWithin(context, entry, container.id, left);
}

/** Stops every container of the Pod, sidecars after the rest, then the sandboxes. */
export async function killPod(
  context: PodContext,
  entry: PodEntry,
  runtime: PodRuntime | undefined,
): Promise<void> {
  const running = (runtime?.containers ?? []).filter(isRunning);
  const sidecars = initContainersOf(entry.pod)
    .filter(isSidecar)
    .map((spec) => spec.name);
  const kill = (container: RuntimeContainer) =>
    killContainer(context, entry, container, {
      message: `Stopping container ${container.name}`,
      graceSeconds: graceOf(entry),
    });
  await Promise.all(running.filter((container) => !sidecars.includes(container.name)).map(kill));
  for (const name of sidecars.reverse()) {
    for (const container of running.filter((item) => item.name === name)) await kill(container);
  }
  await stopSandboxes(context, runtime);
}

/** Stops what the runtime still has of a Pod that nobody knows any more. */
export async function killUnknownPod(context: PodContext, runtime: PodRuntime): Promise<void> {
  await Promise.all(
    runtime.containers
      .filter(isRunning)
      .map((container) =>
        context.cri.stopContainer(container.id, Number(container.annotations[GRACE_PERIOD] ?? 30)),
      ),
  );
  await stopSandboxes(context, runtime);
}

export async function stopSandboxes(context: PodContext, runtime: PodRuntime | undefined): Promise<void> {
  for (const sandbox of runtime?.sandboxes ?? []) {
    if (!sandbox.ready) continue;
    await context.cri.stopPodSandbox(sandbox.id).catch(ignoreMissing);
  }
}

/** Takes a Pod's sandboxes and containers out of the runtime. */
export async function removeSandboxes(context: PodContext, runtime: PodRuntime | undefined): Promise<void> {
  for (const sandbox of runtime?.sandboxes ?? []) {
    await context.cri.stopPodSandbox(sandbox.id).catch(ignoreMissing);
    await context.cri.removePodSandbox(sandbox.id).catch(ignoreMissing);
  }
}

export function ignoreMissing(error: unknown): void {
  if (!isCriNotFound(error)) throw error;
}

async function preStop(
  context: PodContext,
  entry: PodEntry,
  spec: ContainerSpec,
  container: RuntimeContainer,
  timeoutSeconds: number,
): Promise<void> {
  const podIp = isHostNetwork(entry.pod)
    ? (context.hostIps[0] ?? "")
    : (context.view.get(entry.uid)?.sandboxes[0]?.ips[0] ?? "");
  const target = { cri: context.cri, container: spec, containerId: container.id, podIp, timeoutSeconds };
  try {
    await runHook(spec.lifecycle!.preStop!, target);
  } catch (error) {
    const message = `PreStopHook failed: ${(error as Error).message}`;
    containerEvents(context, entry.pod, spec)("Warning", "FailedPreStopHook", message);
  }
}

/** Stops the container; when the grace period is cut meanwhile, stops it again with what is left of it. */
async function stopWithin(context: PodContext, entry: PodEntry, id: string, seconds: number): Promise<void> {
  const cut = () =>
    void context.cri.stopContainer(id, Math.min(seconds, graceOf(entry))).catch(() => undefined);
  entry.onShorterGrace.add(cut);
  try {
    await context.cri.stopContainer(id, seconds).catch(ignoreMissing);
  } finally {
    entry.onShorterGrace.delete(cut);
  }
}

/** Resolves with the work, or as soon as the grace period is cut. */
async function orShorter(entry: PodEntry, work: Promise<void>): Promise<void> {
  let cut: (() => void) | undefined;
  const shorter = new Promise<void>((resolve) => {
    cut = resolve;
    entry.onShorterGrace.add(resolve);
  });
  await Promise.race([work, shorter]);
  entry.onShorterGrace.delete(cut!);
}
