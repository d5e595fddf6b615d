import {
  Applications,
  BUILD_CONTAINER,
  BUILD_LABEL,
  type Build,
  type BuildStatus,
  Builds,
  buildName,
  ConfigMaps,
  isBuildEnded,
  type Job,
  Jobs,
  type Pod,
  Pods,
  Secrets,
  Systems,
} from "@jdos/api";
import { controllerOf, formatMicroTime, formatTime, isStatus, type ObjectKey } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import { UNSEEN_SECONDS } from "../apply/unseen.ts";
import { OWNED_BY_BUILD, PODS_BY_BUILD } from "../indexes.ts";
import type { Settings } from "../options.ts";
import { isRegistrySecretName } from "../registry/application-secrets.ts";
import { copyEnvironment } from "./environment.ts";
import { renderInput } from "./input.ts";
import { ATTEMPT_LABEL, jobName, renderJob } from "./job.ts";
import { stagesFromLog } from "./log.ts";
import { confineBuilds } from "./network/confine.ts";
import { type Outcome, outcomeOf, startFailure, waitingFor } from "./outcome.ts";
import { isQueued } from "./queue/plan.ts";
import { registryFull } from "./registry-full.ts";
import { endedStages } from "./stages.ts";
import { cachePathOf } from "./step-volumes.ts";
import { deleteJobs, stopBuild } from "./stop.ts";
import { succeeded, writeBuild } from "./write-build.ts";

/** How often the log of a running build is read for its stages. */
const PROGRESS_SECONDS = 1;
/** How often a build is begun whose Pod is lost before it has a result. */
const MAX_ATTEMPTS = 3;
/** How long the Pod of an ended build stays for who wants to look at it. */
const JOB_KEPT_SECONDS = 600;

export function buildController(settings: Settings): ControllerOptions {
  return {
    name: "build",
    for: Builds,
    owns: OWNED_BY_BUILD,
    watches: [
      {
        type: Pods,
        keys: ({ metadata }) => {
          const build = metadata.labels?.[BUILD_LABEL];
          return build === undefined ? [] : [{ namespace: metadata.namespace ?? "", name: build }];
        },
      },
    ],
    reconcile: (context, key) => reconcileBuild(context, key, settings),
  };
}

async function reconcileBuild(
  context: ReconcileContext,
  key: ObjectKey,
  settings: Settings,
): Promise<Result | undefined> {
  const { client, informers } = context;
  const build = await find(() => client.get(Builds, key));
  if (build === undefined || build.metadata.deletionTimestamp !== undefined) return;
  if (isBuildEnded(build)) return tidy(context, build);
  if (build.spec.cancel === true) return stopBuild(context, build);
  const application = await find(() =>
    client.get(Applications, { namespace: key.namespace, name: build.spec.application }),
  );
  const refusal = refusalOf(build, application !== undefined);
  if (refusal !== undefined) return void (await finish(context, build, refusal));
  if (controllerOf(build) === undefined && application !== undefined) await adopt(client, build, application);
  if (isQueued(build)) return;
  if (!(await credentialIsThere(client, build, settings))) {
    await report(context, build, {
      phase: "Pending",
      message: "It waits for the application's registry credential",
    });
    return { requeueAfterSeconds: 1 };
  }
  const attempt = build.status?.attempt ?? 1;
  await removeEarlier(context, build, attempt);
  const jobs = informers.for(Jobs).lister;
  const begun = jobs.get({ ...key, name: jobName(key.name, attempt) });
  const full = begun === undefined ? await registryFull(client, settings) : undefined;
  if (full !== undefined) return void (await finish(context, build, full));
  const job = begun ?? (await start(client, { build, attempt, settings }));
  const pods = informers.for(Pods).lister.byIndex(PODS_BY_BUILD, `${key.namespace}/${key.name}`);
  const pod = podOf(pods, attempt);
  const outcome = outcomeOf({ build, job, pod, now: context.now() }) ?? startFailure(pod);
  if (outcome === undefined) {
    const next = await follow(context, build, pod);
    return next ?? (begun === undefined ? { requeueAfterSeconds: UNSEEN_SECONDS } : undefined);
  }
  if (outcome.lost && attempt < MAX_ATTEMPTS)
    await beginAgain(context, build, { outcome, retrySeconds: settings.build.retrySeconds });
  else await finish(context, build, outcome, pod);
  return;
}

async function credentialIsThere(
  client: Client,
  { metadata, spec }: Stored<Build>,
  { access }: Settings,
): Promise<boolean> {
  const name = access.pushSecret(spec.application);
  if (name === undefined) return true;
  const key = { namespace: metadata.namespace ?? "", name };
  return (await find(() => client.get(Secrets, key))) !== undefined;
}

/** It waits for its time and then for its turn. */
async function beginAgain(
  context: ReconcileContext,
  build: Stored<Build>,
  { outcome, retrySeconds }: { outcome: Outcome; retrySeconds: number },
): Promise<void> {
  const { message = "" } = outcome.condition;
  const { stages: _, pod: __, ...before } = (build.status ?? {}) as BuildStatus;
  const attempt = (before.attempt ?? 1) + 1;
  const seconds = retrySeconds * 4 ** (attempt - 2);
  const condition = {
    status: "Unknown",
    reason: "BeginsAgain",
    message: `${message}; it begins again in ${seconds} s`,
  } as const;
  const written = await writeBuild(context.client, build, {
    ...before,
    attempt,
    phase: "Queued",
    notBefore: formatMicroTime(new Date(context.now().getTime() + seconds * 1000)),
    conditions: succeeded(build, condition, context.now()),
  });
  const text = `${message.slice(0, 900)}; try ${attempt} of ${MAX_ATTEMPTS}`;
  context.events.event(written, "Warning", "BuildBeginsAgain", text);
}

/** The Pod of a try that was lost may still run in part. */
async function removeEarlier(
  context: ReconcileContext,
  build: Stored<Build>,
  attempt: number,
): Promise<void> {
  const { lister } = context.informers.for(Jobs);
  const namespace = build.metadata.namespace ?? "";
  for (let earlier = 1; earlier < attempt; earlier++)
    if (lister.get({ namespace, name: jobName(build.metadata.name, earlier) }) !== undefined)
      return deleteJobs(context.client, build, attempt - 1);
}

/** The Jobs of an ended Build whose log is kept go after a while, and their Pods with them. */
async function tidy(context: ReconcileContext, build: Stored<Build>): Promise<Result | undefined> {
  const { completionTime, log, attempt = 1 } = build.status ?? {};
  if (log === undefined || completionTime === undefined) return;
  const jobs = context.informers.for(Jobs).lister;
  const namespace = build.metadata.namespace ?? "";
  const names = Array.from({ length: attempt }, (_, index) => jobName(build.metadata.name, index + 1));
  if (names.every((name) => jobs.get({ namespace, name }) === undefined)) return;
  const seconds = JOB_KEPT_SECONDS - (context.now().getTime() - Date.parse(completionTime)) / 1000;
  if (seconds > 0) return { requeueAfterSeconds: seconds };
  await deleteJobs(context.client, build, attempt);
  return;
}

async function find<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

function refusalOf(build: Stored<Build>, hasApplication: boolean): Outcome | undefined {
  const { application, number, source } = build.spec;
  const refuse = (reason: string, message: string): Outcome => ({
    phase: "Failed",
    condition: { status: "False", reason, message },
  });
  if (build.metadata.name !== buildName(application, number))
    return refuse(
      "InvalidName",
      `A build ${number} of application ${application} is named ${buildName(application, number)}`,
    );
  if (!hasApplication)
    return refuse("ApplicationMissing", `Application ${application} does not exist in this system`);
  if (source.git === undefined && source.bundle === undefined)
    return refuse("NoSource", "There is no source to build: name a git repository or upload a directory");
  const credential = build.spec.build?.secrets?.find(({ secret }) => isRegistrySecretName(secret.name));
  if (credential !== undefined)
    return refuse(
      "SecretRefused",
      `Secret ${credential.secret.name} is a registry credential: steps of a build may not see it`,
    );
  if (source.git?.secret !== undefined && isRegistrySecretName(source.git.secret))
    return refuse(
      "SecretRefused",
      `Secret ${source.git.secret} is a registry credential: a git server may not see it`,
    );
  return undefined;
}

/** A Build made by hand goes with its application, too. */
async function adopt(
  client: Client,
  build: Stored<Build>,
  application: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly uid: string };
  },
): Promise<void> {
  const { name, uid } = application.metadata;
  const reference = {
    apiVersion: application.apiVersion,
    kind: application.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  await client.patch(
    Builds,
    { namespace: build.metadata.namespace ?? "", name: build.metadata.name },
    { type: "merge", body: { metadata: { ownerReferences: [reference] } } },
  );
}

interface Start {
  build: Stored<Build>;
  attempt: number;
  settings: Settings;
}

async function start(client: Client, { build, attempt, settings }: Start): Promise<Stored<Job>> {
  const namespace = build.metadata.namespace ?? "";
  const environment = await copyEnvironment(client, settings.build.platformNamespace, namespace);
  await unlessThere(() => client.create(ConfigMaps, renderInput(build, settings)));
  const system = await find(() => client.get(Systems, { name: namespace }));
  if (system !== undefined) {
    const mirrors = (settings.registry.mirrors ?? []).map(({ url }) => url);
    const named = [settings.registry.url, ...mirrors, ...Object.values(environment)];
    await confineBuilds(client, system, { network: settings.build.network, settings: named });
  }
  const { cacheHostPath } = settings.build;
  const cachePath =
    system === undefined || cacheHostPath === undefined ? undefined : cachePathOf(cacheHostPath, system);
  const job = renderJob(build, attempt, { ...settings, cachePath });
  const { apiVersion, kind, metadata } = build;
  const owner = {
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  const made = await unlessThere(() =>
    client.create(Jobs, { ...job, metadata: { ...job.metadata, ownerReferences: [owner] } }),
  );
  return made ?? client.get(Jobs, { namespace, name: jobName(metadata.name, attempt) });
}

async function unlessThere<T>(create: () => Promise<T>): Promise<T | undefined> {
  try {
    return await create();
  } catch (error) {
    if (isStatus(error, "AlreadyExists")) return undefined;
    throw error;
  }
}

function podOf(pods: readonly Stored<Pod>[], attempt: number): Stored<Pod> | undefined {
  return pods
    .filter(({ metadata }) => metadata.labels?.[ATTEMPT_LABEL] === String(attempt))
    .sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1))[0];
}

async function follow(
  context: ReconcileContext,
  build: Stored<Build>,
  pod: Stored<Pod> | undefined,
): Promise<Result | undefined> {
  const running = pod?.status?.containerStatuses?.some(
    ({ name, state }) => name === BUILD_CONTAINER && state?.running !== undefined,
  );
  if (pod === undefined || running !== true) {
    await report(context, build, {
      phase: "Pending",
      message: waitingFor(pod),
      ...(pod === undefined ? {} : { pod: pod.metadata.name }),
    });
    return;
  }
  const stages = (await stagesFromLog(context.client, pod)) ?? build.status?.stages;
  const now = stages?.find(({ state }) => state === "Running")?.name;
  await report(context, build, {
    phase: "Running",
    message: now === undefined ? "It has begun" : `Stage ${now} runs`,
    pod: pod.metadata.name,
    ...(stages === undefined ? {} : { stages: stages as BuildStatus["stages"] }),
  });
  return { requeueAfterSeconds: PROGRESS_SECONDS };
}

interface Progress {
  phase: "Pending" | "Running";
  message: string;
  pod?: string;
  stages?: BuildStatus["stages"];
}

async function report(
  context: ReconcileContext,
  build: Stored<Build>,
  { phase, message, pod, stages }: Progress,
): Promise<void> {
  const before = build.status as BuildStatus | undefined;
  await writeBuild(context.client, build, {
    ...before,
    phase,
    startTime: before?.startTime ?? formatTime(context.now()),
    ...(pod === undefined ? {} : { pod }),
    ...(stages === undefined ? {} : { stages }),
    conditions: succeeded(build, { status: "Unknown", reason: phase, message }, context.now()),
  });
}

async function finish(
  context: ReconcileContext,
  build: Stored<Build>,
  { condition, lost: _, ...facts }: Outcome,
  pod?: Stored<Pod>,
): Promise<void> {
  const before = build.status as BuildStatus | undefined;
  const now = context.now();
  const stages = facts.stages ?? endedStages(before?.stages);
  const written = await writeBuild(context.client, build, {
    ...before,
    ...facts,
    ...(stages === undefined ? {} : { stages }),
    startTime: before?.startTime ?? formatTime(now),
    completionTime: formatTime(now),
    ...(pod === undefined ? {} : { pod: pod.metadata.name }),
    conditions: succeeded(build, condition, now),
  });
  const type = facts.phase === "Succeeded" ? "Normal" : "Warning";
  context.events.event(
    written,
    type,
    condition.reason ?? "BuildEnded",
    (condition.message ?? "").slice(0, 1000),
  );
}
