import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { containerConfig } from "../container/container-config.ts";
import { containerEnvironment } from "../container/environment.ts";
import { expand } from "../container/expand.ts";
import type { PodPlace } from "../container/field-ref.ts";
import { hostsFile, mountsHosts } from "../container/hosts-file.ts";
import type { Image, Mount, SandboxConfig } from "../cri/types.ts";
import { KubeletError, type KubeletErrorCode } from "../errors.ts";
import { definitionChanged } from "../runtime/labels.ts";
import { newestOf, type PodRuntime } from "../runtime/pod-runtime.ts";
import type { VolumePaths } from "../volume/volume-manager.ts";
import { formatDelay } from "./back-off.ts";
import type { PodContext } from "./context.ts";
import { podDirectory } from "./directories.ts";
import { ignoreMissing, killContainer } from "./kill.ts";
import { runHook } from "./lifecycle.ts";
import { type ContainerSpec, formatPod, gracePeriodOf, type PodObject } from "./pod.ts";
import { type PodEntry, whileWanted } from "./pod-entry.ts";
import { containerEvents } from "./pod-events.ts";

export interface StartInput {
  readonly spec: ContainerSpec;
  readonly sandboxId: string;
  readonly sandboxConfig: SandboxConfig;
  readonly place: PodPlace;
  readonly volumes: VolumePaths;
  readonly runtime: PodRuntime | undefined;
  /** When it is on its way already. */
  readonly image?: Promise<Image> | undefined;
}

const POST_START_SECONDS = 600;

/**
 * Brings one container up. Throws a KubeletError whose code and message become its waiting state: it was not
 * started, and is tried again.
 */
export async function startContainer(context: PodContext, entry: PodEntry, input: StartInput): Promise<void> {
  const { pod } = entry;
  const { spec } = input;
  const events = containerEvents(context, pod, spec);
  refuseWhileCrashing(context, pod, input);
  const unstarted = newestOf(input.runtime, spec.name);
  if (unstarted?.state === "CONTAINER_CREATED")
    await context.cri.removeContainer(unstarted.id).catch(ignoreMissing);
  const image = await whileWanted(entry, input.image ?? context.images.ensure(pod, spec, events));
  const id = await createContainer(context, pod, image, input);
  context.view.own(id, entry.uid);
  events("Normal", "Created", `Created container: ${spec.name}`);
  entry.interrupt.signal.throwIfAborted();
  await attempt("RunContainerError", events, () =>
    context.heavy(() => context.cri.startContainer(id), { urgent: true }),
  );
  events("Normal", "Started", `Started container ${spec.name}`);
  await context.view.refresh(entry.uid);
  context.probes.poke(entry.uid, spec.name);
  if (spec.lifecycle?.postStart !== undefined) await postStart(context, entry, input, id);
}

/** A container that ended before waits longer and longer until it is started again; another definition begins anew. */
function refuseWhileCrashing(context: PodContext, pod: PodObject, { spec, runtime }: StartInput): void {
  const ended = newestOf(runtime, spec.name);
  if (ended?.state !== "CONTAINER_EXITED") return;
  const key = crashKey(pod, spec);
  if (definitionChanged(ended.hash, spec)) {
    context.crashes.forget(key);
    return;
  }
  const now = context.clock.now().getTime();
  const finishedAt = ended.finishedAt ?? now;
  if (context.crashes.remaining(key, finishedAt, now) > 0) {
    const delay = formatDelay(context.crashes.delay(key));
    const message = `back-off ${delay} restarting failed container=${spec.name} pod=${formatPod(pod)}`;
    const said = `Back-off restarting failed container ${spec.name} in pod ${formatPod(pod)}`;
    containerEvents(context, pod, spec)("Warning", "BackOff", said);
    throw new KubeletError("CrashLoopBackOff", message, { hint: "Read the container's previous log" });
  }
  context.crashes.next(key, finishedAt, now);
}

/** How long until a container that crashed may start again: milliseconds, 0 at once. */
export function crashDelay(
  context: PodContext,
  pod: PodObject,
  spec: ContainerSpec,
  runtime: PodRuntime | undefined,
) {
  const ended = newestOf(runtime, spec.name);
  if (ended?.state !== "CONTAINER_EXITED") return 0;
  const now = context.clock.now().getTime();
  return context.crashes.remaining(crashKey(pod, spec), ended.finishedAt ?? now, now);
}

function crashKey(pod: PodObject, spec: ContainerSpec): string {
  return `${pod.metadata.uid}/${spec.name}/`;
}

async function createContainer(
  context: PodContext,
  pod: PodObject,
  image: Image,
  input: StartInput,
): Promise<string> {
  const { spec, sandboxId, sandboxConfig, place } = input;
  const events = containerEvents(context, pod, spec);
  const restartCount = nextRestartCount(pod, input);
  const config = await attempt("CreateContainerConfigError", events, async () => {
    const { objects, services } = context;
    const environment = await containerEnvironment(pod, spec, { objects, services, place });
    const subPathOf = (text: string) => expand(text, (name) => environment.get(name));
    const mounts = await context.volumes.mounts(pod, spec, input.volumes, subPathOf);
    mounts.push(...(await ownMounts(context, pod, input, restartCount)));
    const nodeMemoryBytes = context.node.memoryBytes;
    const seccompRoot = context.directories.seccomp;
    return containerConfig(pod, spec, {
      restartCount,
      image,
      environment,
      mounts,
      nodeMemoryBytes,
      seccompRoot,
    });
  });
  await mkdir(join(sandboxConfig.logDirectory, spec.name), { recursive: true, mode: 0o755 });
  return attempt("CreateContainerError", events, () =>
    context.cri.createContainer(sandboxId, config, sandboxConfig),
  );
}

function nextRestartCount(pod: PodObject, { spec, runtime }: StartInput): number {
  const newest = newestOf(runtime, spec.name);
  // One that was made and never started does not count.
  if (newest?.state === "CONTAINER_CREATED") return newest.restartCount;
  if (newest !== undefined) return newest.restartCount + 1;
  // The runtime forgot what ran: go on from what the API remembers.
  const known = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const status = known.find((item) => item.name === spec.name);
  return status?.containerID === undefined || status.containerID === "" ? 0 : status.restartCount + 1;
}

/** /etc/hosts and the termination log, unless the container mounts something else there. */
async function ownMounts(
  context: PodContext,
  pod: PodObject,
  input: StartInput,
  restartCount: number,
): Promise<Mount[]> {
  const { spec, place } = input;
  const directory = podDirectory(context.directories, pod.metadata.uid);
  const mounts: Mount[] = [];
  if (!mountsHosts(spec.volumeMounts)) {
    const path = join(directory, "etc-hosts");
    await writeFile(path, await hostsFile(pod, place.podIps, context.dns.domain), { mode: 0o644 });
    mounts.push({ containerPath: "/etc/hosts", hostPath: path });
  }
  const target = spec.terminationMessagePath ?? "/dev/termination-log";
  if (target !== "") {
    const own = join(directory, "containers", spec.name);
    await mkdir(own, { recursive: true });
    const path = join(own, `termination-${restartCount}`);
    await writeFile(path, "");
    await chmod(path, 0o666);
    mounts.push({ containerPath: target, hostPath: path });
  }
  return mounts;
}

async function postStart(
  context: PodContext,
  entry: PodEntry,
  input: StartInput,
  containerId: string,
): Promise<void> {
  const { spec, place } = input;
  const target = { cri: context.cri, container: spec, containerId, podIp: place.podIps[0] ?? "" };
  try {
    const hook = runHook(spec.lifecycle!.postStart!, { ...target, timeoutSeconds: POST_START_SECONDS });
    await whileWanted(entry, hook);
  } catch (cause) {
    if (entry.interrupt.signal.aborted) throw cause;
    const message = `PostStartHook failed: ${(cause as Error).message}`;
    containerEvents(context, entry.pod, spec)("Warning", "FailedPostStartHook", message);
    const running = newestOf(context.view.get(entry.uid), spec.name);
    const graceSeconds = gracePeriodOf(entry.pod);
    if (running !== undefined)
      await killContainer(context, entry, running, { message: "FailedPostStartHook", graceSeconds });
    throw new KubeletError("PostStartHookError", message, { hint: "Correct lifecycle.postStart", cause });
  }
}

async function attempt<T>(
  code: KubeletErrorCode,
  events: ReturnType<typeof containerEvents>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const message = (cause as Error).message;
    events("Warning", "Failed", `Error: ${message}`);
    if (cause instanceof KubeletError) throw cause;
    throw new KubeletError(code, message, { hint: "See the Pod's events", cause });
  }
}
