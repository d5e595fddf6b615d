import {
  APPLICATION_LABEL,
  type ApiError,
  Applications,
  type Build,
  Builds,
  Deployments,
  type DeployResult,
  type Ingress,
  Ingresses,
  Pods,
  type ProgressEvent,
  podSelector,
  Releases,
} from "@jdos/api";
import { type KubeObject, notFound, type ResourceType } from "@jdos/apimachinery";
import { type Client, followObjects, type Stored } from "@jdos/client";
import { explain } from "../explain/explain.ts";
import { deploymentOf } from "../explain/facts.ts";
import { readWorld } from "../explain/read-world.ts";
import { readBuildLog } from "../logs/pod-log.ts";
import type { RouteNames } from "../options.ts";
import { Channel } from "../streams/channel.ts";
import { urlOf } from "../views/application-view.ts";
import { type Assessment, assess } from "./assess.ts";
import type { Failure } from "./failure.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { ProgressTarget, ProgressWorld } from "./target.ts";

export interface ProgressOptions {
  client: Client;
  system: string;
  app: string;
  target: ProgressTarget;
  routes: RouteNames;
  /** Images of this platform begin with it. */
  imagePrefix: string;
  timeoutSeconds: number;
  /** The time in which a build is queued does not count. */
  waitsInQueue?: boolean;
  signal: AbortSignal;
}

/** What has become of these is told by the failure; the application as it is now is another matter. */
const FINAL: ReadonlySet<string> = new Set(["BuildFailed", "ReleaseLeft"]);
/** How often the world is looked at again when nothing changes: deadlines pass without an event. */
const TICK_MILLIS = 1000;

/** Follows a deploy to its end by watches; the last event is `ready` or `failed`. */
export async function* followProgress(options: ProgressOptions): AsyncGenerator<ProgressEvent> {
  const stopwatch = new Stopwatch(() => performance.now());
  let deadline = performance.now() + options.timeoutSeconds * 1000;
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  try {
    for await (const world of watchWorld({ ...options, signal })) {
      const found = assess(options.target, world, new Date());
      yield* stopwatch.changes(found.stages);
      if (found.outcome === "ready")
        return yield { type: "ready", result: resultOf(found, world, options, stopwatch) };
      if (found.outcome === "failed") return yield* failed(found, world, options, stopwatch);
      if (options.waitsInQueue === true && found.build?.status?.phase === "Queued")
        deadline = performance.now() + options.timeoutSeconds * 1000;
      if (performance.now() > deadline) {
        const failure = { code: "Timeout", message: `Not ready after ${options.timeoutSeconds} seconds` };
        return yield* failed({ ...found, failure }, world, options, stopwatch);
      }
    }
  } finally {
    end.abort();
  }
}

/** The objects of the deploy after each change and at each tick, never queued up: a slow reader sees the latest. */
async function* watchWorld(options: ProgressOptions): AsyncGenerator<ProgressWorld> {
  const { client, system: namespace, app, signal } = options;
  const wake = new Channel<true>(1);
  const seen: {
    [K in
      | "applications"
      | "builds"
      | "releases"
      | "deployments"
      | "pods"
      | "ingresses"]?: readonly Stored<KubeObject>[];
  } = {};
  const follow = async (
    part: keyof typeof seen,
    type: ResourceType,
    selection: { labelSelector?: string; fieldSelector?: string } = {},
  ): Promise<void> => {
    for await (const objects of followObjects(client, type, { namespace, signal, ...selection })) {
      seen[part] = objects;
      wake.offer(true);
    }
  };
  const named = { fieldSelector: `metadata.name=${app}` };
  const follows = [
    follow("applications", Applications as ResourceType, named),
    follow("builds", Builds as ResourceType),
    follow("releases", Releases as ResourceType),
    follow("deployments", Deployments as ResourceType, { labelSelector: `${APPLICATION_LABEL}=${app}` }),
    follow("ingresses", Ingresses as ResourceType, named),
    follow("pods", Pods as ResourceType, { labelSelector: podSelector(app) }),
  ];
  for (const following of follows) following.catch((error) => wake.fail(error));
  const tick = setInterval(() => wake.offer(true), TICK_MILLIS);
  try {
    for await (const _ of wake.receive(signal)) {
      if (Object.keys(seen).length < follows.length) continue;
      yield worldOf(seen, options);
    }
  } finally {
    clearInterval(tick);
    wake.close();
  }
}

function worldOf(
  seen: Readonly<Record<string, readonly Stored<KubeObject>[]>>,
  { app, routes }: ProgressOptions,
): ProgressWorld {
  const ingresses = (seen.ingresses ?? []) as readonly Stored<Ingress>[];
  const application = seen.applications?.[0] as ProgressWorld["application"] | undefined;
  if (application === undefined) throw notFound(Applications, app);
  const owned = (objects: readonly Stored<KubeObject>[] | undefined): never =>
    (objects ?? []).filter(
      (object) => (object as { spec?: { application?: string } }).spec?.application === app,
    ) as never;
  const releases: ProgressWorld["releases"] = owned(seen.releases);
  return {
    application,
    builds: owned(seen.builds),
    releases,
    deployment: deploymentOf(application, releases, (seen.deployments ?? []) as never),
    pods: (seen.pods ?? []) as ProgressWorld["pods"],
    // Of another class nobody says where its routes lead: they lead there when the Pods are ready.
    ingress: ingresses.find(({ spec }) => spec?.ingressClassName === routes.ingressClass),
  };
}

function resultOf(
  found: Assessment,
  { application }: ProgressWorld,
  options: ProgressOptions,
  stopwatch: Stopwatch,
): DeployResult {
  return {
    system: options.system,
    application: options.app,
    release: found.release?.spec.number ?? application.spec.release ?? 0,
    ...(found.build === undefined ? {} : { build: found.build.metadata.name }),
    image: found.release?.spec.image ?? application.status?.image ?? "",
    url: urlOf(application, options),
    replicas: application.spec.replicas ?? 1,
    readyReplicas: application.status?.readyReplicas ?? 0,
    ...(found.rollout === undefined ? {} : { rollout: found.rollout }),
    seconds: stopwatch.seconds(),
  };
}

async function* failed(
  found: Assessment,
  world: ProgressWorld,
  options: ProgressOptions,
  stopwatch: Stopwatch,
): AsyncGenerator<ProgressEvent> {
  const failure = found.failure ?? { code: "Failed", message: "The deploy failed" };
  if (failure.code === "BuildFailed" && found.build?.status?.pod !== undefined)
    yield* buildLog(found.build.status.pod, options);
  const { image, release, ...result } = resultOf(found, world, options, stopwatch);
  // Who gave a build up needs no explanation, and that of the application is about a newer one.
  if (found.build?.status?.phase === "Cancelled")
    return yield { type: "failed", error: cancelled(found.build, failure), result };
  const explanation = explain(await readWorld(options));
  const message = explanation.healthy || FINAL.has(failure.code) ? failure.message : explanation.sentence;
  yield {
    type: "failed",
    error: { code: failure.code, message, hint: `${explanation.nextStep}${willReturn(found, world)}` },
    result: { ...result, ...(found.release === undefined ? {} : { image, release }) },
    explanation,
  };
}

/** What the controllers do of themselves about a release that does not become ready. */
function willReturn({ release }: Assessment, { application }: ProgressWorld): string {
  const { spec, status } = application;
  const serving = status?.currentRelease;
  const isTried = release?.spec.number === spec.release && serving !== undefined && serving !== spec.release;
  if (!isTried || spec.rollout?.autoRollback === false || release?.spec.insteadOf !== undefined) return "";
  return `. Unless release ${spec.release} becomes ready, release ${serving} is made current again`;
}

function cancelled({ spec, metadata }: Stored<Build>, { code, message }: Failure): ApiError {
  const flags = `--system ${metadata.namespace} --app ${spec.application}`;
  return { code, message, hint: `To build it after all: jdos build retry ${spec.number} ${flags}` };
}

async function* buildLog(
  pod: string,
  { client, system, signal }: ProgressOptions,
): AsyncGenerator<ProgressEvent> {
  try {
    for await (const { line } of readBuildLog({ client, namespace: system, pod, tailLines: 500, signal }))
      yield { type: "log", line, pod };
  } catch (error) {
    yield { type: "log", line: `(the log cannot be read: ${(error as Error).message})`, pod };
  }
}
