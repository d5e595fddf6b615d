import { mkdir } from "node:fs/promises";
import { ensurePodCgroup, podCgroup } from "../cgroup/pod-cgroup.ts";
import type { PodPlace } from "../container/field-ref.ts";
import { sandboxConfig } from "../container/sandbox-config.ts";
import type { Image, SandboxConfig } from "../cri/types.ts";
import { KubeletError } from "../errors.ts";
import { isRunning, newestOf, type PodRuntime } from "../runtime/pod-runtime.ts";
import { type ContainerKill, computeActions, type PodActions } from "./actions.ts";
import type { PodContext } from "./context.ts";
import { podDirectory, podLogDirectory } from "./directories.ts";
import { ignoreMissing, killContainer, stopSandboxes } from "./kill.ts";
import {
  allContainersOf,
  type ContainerSpec,
  gracePeriodOf,
  isHostNetwork,
  type PodObject,
  specOf,
} from "./pod.ts";
import type { PodEntry } from "./pod-entry.ts";
import { containerEvents, podReference } from "./pod-events.ts";
import { publishStatus } from "./publish-status.ts";
import { crashDelay, startContainer } from "./start-container.ts";

/** Everything of the Pod is as it should be until something changes, or for this long. */
export interface SyncResult {
  /** Nothing is left to run: the Pod has to be ended. */
  readonly finished: boolean;
  readonly requeueAfterMs?: number;
}

type Steps = Pick<PodActions, "start"> & Partial<Pick<PodActions, "createSandboxAttempt">>;

/**
 * One step from what runs towards what the Pod's specification says. Works from the runtime's real state alone,
 * so that it may begin anywhere, also after a restart of this process.
 */
export async function syncPod(context: PodContext, entry: PodEntry): Promise<SyncResult> {
  const { pod } = entry;
  const runtime = await context.view.refresh(entry.uid);
  context.probes.add(pod);
  const status = publishStatus(context, entry);
  if (status.phase === "Succeeded" || status.phase === "Failed") return { finished: true };
  const actions = computeActions(pod, runtime, context.probes.verdictsOf(pod));
  if (actions.killPod) return { finished: true };
  const needsNetwork = actions.createSandboxAttempt !== undefined && !isHostNetwork(pod);
  const problem = needsNetwork ? await context.networkProblem() : undefined;
  if (problem !== undefined) {
    context.events.event(podReference(pod), "Warning", "NetworkNotReady", `network is not ready: ${problem}`);
    return { finished: false, requeueAfterMs: 500 };
  }
  if (actions.kill.length > 0) {
    await restartAll(context, entry, actions.kill);
    return { finished: false, requeueAfterMs: 0 };
  }
  await mkdir(podDirectory(context.directories, entry.uid), { recursive: true, mode: 0o750 });
  const requeueAfterMs = await run(context, entry, runtime, actions);
  publishStatus(context, entry);
  return requeueAfterMs === undefined ? { finished: false } : { finished: false, requeueAfterMs };
}

/**
 * Ends containers. Those whose definition changed start again within the same step, as with Kubernetes' kubelet:
 * their Pod's restart policy is not asked.
 */
async function restartAll(
  context: PodContext,
  entry: PodEntry,
  kills: readonly ContainerKill[],
): Promise<void> {
  const changed = kills.filter(({ cause }) => cause === "spec").map(({ spec }) => spec.name);
  entry.replacing = changed.length > 0;
  try {
    await Promise.all(kills.map((kill) => restart(context, entry, kill)));
    if (changed.length === 0) return;
    entry.interrupt.signal.throwIfAborted();
    // The definitions as they are now: they may have changed again while containers ended.
    const start = allContainersOf(entry.pod).filter(({ name }) => changed.includes(name));
    await run(context, entry, await context.view.refresh(entry.uid), { start });
  } finally {
    entry.replacing = false;
  }
}

async function restart(
  context: PodContext,
  entry: PodEntry,
  { container, spec, message, cause }: ContainerKill,
): Promise<void> {
  const probe =
    cause === "liveness" ? spec.livenessProbe : cause === "startup" ? spec.startupProbe : undefined;
  const graceSeconds = probe?.terminationGracePeriodSeconds ?? gracePeriodOf(entry.pod);
  await killContainer(context, entry, container, { message, graceSeconds });
}

/** Returns when to come back, or undefined when only a change matters. */
async function run(
  context: PodContext,
  entry: PodEntry,
  runtime: PodRuntime | undefined,
  actions: Steps,
): Promise<number | undefined> {
  const { pod } = entry;
  const attempt = actions.createSandboxAttempt ?? runtime?.sandboxes[0]?.attempt ?? 0;
  const config = await sandboxConfig(pod, attempt, {
    dns: context.dns,
    logDirectory: podLogDirectory(context.directories, pod),
    cgroup: podCgroup(context.cgroupParent, pod),
    seccompRoot: context.directories.seccomp,
  });
  // What names the Pod's address cannot be written before the sandbox has one; all else is made meanwhile.
  const early = actions.createSandboxAttempt !== undefined && !needsAddress(pod);
  const volumesEarly = early ? setUpVolumes(context, pod, placeOf(context, pod, runtime)) : undefined;
  volumesEarly?.catch(() => undefined);
  const images = actions.createSandboxAttempt === undefined ? undefined : ensureImages(context, pod, actions);
  const now = await ensureSandbox(context, entry, { runtime, actions, config });
  const place = placeOf(context, pod, now);
  const volumes = await (volumesEarly ?? setUpVolumes(context, pod, place));
  const sandboxId = now!.sandboxes[0]!.id;
  let requeue: number | undefined;
  for (const spec of actions.start) {
    const image = images?.get(spec.name);
    const input = { spec, sandboxId, sandboxConfig: config, place, volumes, runtime, image };
    const delay = await startOne(context, entry, input);
    if (delay !== undefined) requeue = Math.min(requeue ?? delay, delay);
  }
  return requeue;
}

/** They come while the sandbox is made; what is wrong with one is told when its container starts. */
function ensureImages(
  context: PodContext,
  pod: PodObject,
  { start }: Steps,
): ReadonlyMap<string, Promise<Image>> {
  const images = new Map<string, Promise<Image>>();
  for (const spec of start) {
    const image = context.images.ensure(pod, spec, containerEvents(context, pod, spec));
    image.catch(() => undefined);
    images.set(spec.name, image);
  }
  return images;
}

async function startOne(
  context: PodContext,
  entry: PodEntry,
  input: Parameters<typeof startContainer>[2],
): Promise<number | undefined> {
  const { spec, runtime } = input;
  try {
    await startContainer(context, entry, input);
    entry.waiting.delete(spec.name);
    publishStatus(context, entry);
    return undefined;
  } catch (error) {
    if (entry.interrupt.signal.aborted || !(error instanceof KubeletError)) throw error;
    entry.waiting.set(spec.name, { reason: error.code, message: error.message });
    await context.view.refresh(entry.uid);
    publishStatus(context, entry);
    return retryDelay(context, entry, spec, error, runtime);
  }
}

/** A step that cannot succeed by itself is tried again slowly; a back-off says itself when. */
function retryDelay(
  context: PodContext,
  entry: PodEntry,
  spec: ContainerSpec,
  error: KubeletError,
  runtime: PodRuntime | undefined,
): number {
  if (error.code === "CrashLoopBackOff") return crashDelay(context, entry.pod, spec, runtime) + 10;
  if (error.code === "ErrImagePull") return 1000;
  if (error.code === "ImagePullBackOff") return context.images.retryAfter(entry.pod, spec) + 10;
  return 3000;
}

interface SandboxInput {
  runtime: PodRuntime | undefined;
  actions: Steps;
  config: SandboxConfig;
}

async function ensureSandbox(
  context: PodContext,
  entry: PodEntry,
  { runtime, actions, config }: SandboxInput,
): Promise<PodRuntime | undefined> {
  if (actions.createSandboxAttempt === undefined) return runtime;
  await clearOldSandboxes(context, entry, runtime);
  try {
    await ensurePodCgroup({ parent: context.cgroupParent, pidsLimit: context.podPidsLimit }, entry.pod);
    await mkdir(config.logDirectory, { recursive: true, mode: 0o755 });
    const id = await context.heavy(() => context.cri.runPodSandbox(config));
    context.view.own(id, entry.uid);
  } catch (cause) {
    const message = `Failed to create pod sandbox: ${(cause as Error).message}`;
    context.events.event(podReference(entry.pod), "Warning", "FailedCreatePodSandBox", message);
    throw cause;
  }
  const now = await context.view.refresh(entry.uid);
  publishStatus(context, entry);
  return now;
}

/** A sandbox that died takes its containers with it before another is made. */
async function clearOldSandboxes(
  context: PodContext,
  entry: PodEntry,
  runtime: PodRuntime | undefined,
): Promise<void> {
  if (runtime === undefined || runtime.sandboxes.length === 0) return;
  context.events.event(
    podReference(entry.pod),
    "Normal",
    "SandboxChanged",
    "Pod sandbox changed, it will be killed and re-created.",
  );
  for (const container of runtime.containers.filter(isRunning)) {
    await killContainer(context, entry, container, {
      message: `Stopping container ${container.name}`,
      graceSeconds: gracePeriodOf(entry.pod),
    });
  }
  await stopSandboxes(context, runtime);
  for (const sandbox of runtime.sandboxes) {
    await context.cri.stopPodSandbox(sandbox.id).catch(ignoreMissing);
    const used = runtime.containers.some(
      (item) => item.sandboxId === sandbox.id && newestOf(runtime, item.name) === item,
    );
    if (!used) await context.cri.removePodSandbox(sandbox.id).catch(ignoreMissing);
  }
}

async function setUpVolumes(context: PodContext, pod: PodObject, place: PodPlace) {
  try {
    const token = context.tokens.token;
    return await context.volumes.setUp(pod, { objects: context.objects, place, token });
  } catch (error) {
    context.events.event(podReference(pod), "Warning", "FailedMount", (error as Error).message);
    throw error;
  }
}

/** Writes again what the API changed in the volumes of a Pod that runs. */
export async function refreshVolumes(context: PodContext, entry: PodEntry): Promise<void> {
  await setUpVolumes(context, entry.pod, placeOf(context, entry.pod, context.view.get(entry.uid)));
}

function placeOf(context: PodContext, pod: PodObject, runtime: PodRuntime | undefined): PodPlace {
  return {
    nodeName: context.node.name,
    hostIps: context.hostIps,
    podIps: isHostNetwork(pod) ? context.hostIps : (runtime?.sandboxes[0]?.ips ?? []),
    allocatable: context.node.allocatable,
  };
}

function needsAddress(pod: PodObject): boolean {
  return JSON.stringify(specOf(pod).volumes ?? []).includes("status.podIP");
}
