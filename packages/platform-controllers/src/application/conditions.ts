import {
  type Application,
  type Build,
  type Deployment,
  type ImageSpread,
  type Ingress,
  type Pod,
  type Release,
  type RolloutStatus,
  SPREADING_IMAGE,
} from "@jdos/api";
import { type Condition, type DeepReadonly, findCondition, type Persisted } from "@jdos/apimachinery";
import { podTrouble, type Trouble } from "./pod-trouble.ts";

/** What an Application's conditions are read from. */
export interface Observed {
  readonly application: DeepReadonly<Persisted<Application>>;
  /** The Release that spec.release names. */
  readonly release?: DeepReadonly<Persisted<Release>>;
  /** Why nothing can be rendered from it. */
  readonly refusal?: { reason: string; message: string };
  readonly latestBuild?: DeepReadonly<Persisted<Build>>;
  /** The application's own. */
  readonly deployment?: DeepReadonly<Persisted<Deployment>>;
  /** The Release that its own Pods are rendered from. Defaults to `release`. */
  readonly own?: DeepReadonly<Persisted<Release>>;
  /** The Deployment that requests lead to while it is not the application's own. */
  readonly serving?: DeepReadonly<Persisted<Deployment>>;
  /** Of a rollout with a strategy, and of a Release that was left. */
  readonly rollout?: RolloutStatus;
  /** While Pods are held back until nodes have their image. */
  readonly spread?: ImageSpread;
  /** While Pods are changed in place: how many are the wanted Release's and serve. */
  readonly changed?: number;
  readonly ingress?: DeepReadonly<Persisted<Ingress>>;
  /** Pods of the wanted Release. */
  readonly pods: readonly DeepReadonly<Persisted<Pod>>[];
  readonly url?: string;
  /** What waits for the end of a freeze, in a sentence. */
  readonly waits?: string;
}

type Fact = Omit<Condition, "lastTransitionTime" | "observedGeneration">;

/** Built, Released, Available, Progressing, Routed, Ready: each with a sentence. */
export function conditionsOf(observed: Observed): Fact[] {
  const rollout = rolloutOf(observed);
  const facts = [
    built(observed),
    released(observed),
    available(observed),
    progressing(observed, rollout),
    routed(observed),
  ];
  return [...facts, ready(observed, rollout, facts)];
}

/** Whether the Pods of the wanted Release are all there, ready, and alone. */
export interface Rollout {
  complete: boolean;
  wanted: number;
  updated: number;
  ready: number;
  trouble?: Trouble;
}

export function rolloutOf({
  application,
  deployment,
  pods,
  release,
  own = release,
  changed,
}: Observed): Rollout {
  const wanted = application.spec.replicas ?? 1;
  const status = deployment?.status;
  const seen =
    deployment !== undefined && (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
  const isWanted = own?.spec.number === release?.spec.number;
  const updated = changed ?? (seen && isWanted ? (status?.updatedReplicas ?? 0) : 0);
  const readyCount = status?.readyReplicas ?? 0;
  const complete =
    seen &&
    changed === undefined &&
    updated === wanted &&
    (status?.replicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted;
  const trouble = complete ? undefined : podTrouble(pods);
  return { complete, wanted, updated, ready: readyCount, ...(trouble === undefined ? {} : { trouble }) };
}

function built({ application, latestBuild, release }: Observed): Fact {
  const { source } = application.spec;
  if (source?.image !== undefined)
    return fact("Built", "True", "NotNeeded", `Image ${source.image.reference} is used as it is`);
  if (latestBuild === undefined) {
    if (release !== undefined)
      return fact(
        "Built",
        "True",
        "NotNeeded",
        `Release v${release.spec.number} has image ${release.spec.image}`,
      );
    return fact("Built", "False", "NoBuild", "Nothing was built yet: deploy a source or an image");
  }
  const { name } = latestBuild.metadata;
  const said = findCondition(latestBuild.status?.conditions, "Succeeded")?.message;
  switch (latestBuild.status?.phase) {
    case "Succeeded":
      return fact(
        "Built",
        "True",
        "BuildSucceeded",
        `Build ${name} made ${latestBuild.status.image ?? "an image"}`,
      );
    case "Failed":
      return fact("Built", "False", "BuildFailed", `Build ${name} failed: ${said ?? "no reason was given"}`);
    case "Cancelled":
      return fact(
        "Built",
        "False",
        "BuildCancelled",
        `Build ${name} was cancelled: ${said ?? "no reason was given"}`,
      );
    case "Queued":
      return fact(
        "Built",
        "Unknown",
        "BuildQueued",
        `Build ${name} is queued: ${said ?? "others are before it"}`,
      );
    default:
      return fact(
        "Built",
        "Unknown",
        "Building",
        `Build ${name} is under way: ${said ?? "it waits for its Pod"}`,
      );
  }
}

function released({ application, release, refusal, waits }: Observed): Fact {
  if (refusal !== undefined) return fact("Released", "False", refusal.reason, refusal.message);
  if (release !== undefined) {
    const current = `Release v${release.spec.number} is current: ${release.spec.reason ?? "no reason given"}`;
    return waits === undefined
      ? fact("Released", "True", "ReleaseCurrent", current)
      : fact("Released", "True", "Frozen", `${waits}; ${current}`);
  }
  if (waits !== undefined) return fact("Released", "False", "Frozen", waits);
  if (application.spec.release !== undefined)
    return fact("Released", "False", "ReleaseMissing", `Release v${application.spec.release} does not exist`);
  return fact("Released", "False", "NoRelease", "There is no Release yet");
}

function available({ application, deployment, serving = deployment }: Observed): Fact {
  const wanted = application.spec.replicas ?? 1;
  const count = serving?.status?.availableReplicas ?? 0;
  if (wanted === 0) return fact("Available", "False", "ScaledToZero", "It is scaled to zero: no Pod answers");
  if (count === 0) return fact("Available", "False", "NoPodReady", `None of ${wanted} Pods is ready`);
  return fact(
    "Available",
    "True",
    count >= wanted ? "PodsReady" : "SomePodsReady",
    `${Math.min(count, wanted)} of ${wanted} Pods ready`,
  );
}

function progressing(observed: Observed, rollout: Rollout): Fact {
  const { release, deployment } = observed;
  if (release === undefined || deployment === undefined)
    return fact("Progressing", "False", "NothingToRoll", "There is no Release to roll out");
  const name = `Release v${release.spec.number}`;
  if (rollout.complete)
    return fact(
      "Progressing",
      "False",
      "Complete",
      `${name} runs on ${rollout.wanted} of ${rollout.wanted} Pods`,
    );
  if (observed.spread !== undefined)
    return fact("Progressing", "True", SPREADING_IMAGE, observed.spread.message);
  const strategy = observed.rollout;
  const isThis = strategy?.release === release.spec.number;
  if (strategy !== undefined && isThis && strategy.strategy !== "Rolling")
    return fact("Progressing", "True", `${strategy.strategy}${strategy.phase}`, strategy.message);
  const { trouble } = rollout;
  if (trouble?.stalled)
    return fact("Progressing", "False", trouble.reason, `${name} does not get ready: ${trouble.message}`);
  const deadline = findCondition(deployment.status?.conditions, "Progressing");
  if (deadline?.reason === "ProgressDeadlineExceeded") {
    const why = trouble?.message ?? deadline.message ?? "no reason given";
    return fact(
      "Progressing",
      "False",
      "ProgressDeadlineExceeded",
      `${name} did not get ready in ${deployment.spec?.progressDeadlineSeconds ?? 600} s: ${why}`,
    );
  }
  const failure = findCondition(deployment.status?.conditions, "ReplicaFailure");
  if (failure?.status === "True")
    return fact(
      "Progressing",
      "True",
      failure.reason ?? "ReplicaFailure",
      `${name} cannot have its Pods: ${failure.message ?? "no reason given"}`,
    );
  const counted = `${rollout.updated} of ${rollout.wanted} Pods have ${name}`;
  const sofar = isThis && strategy?.message !== undefined ? `${counted}; ${strategy.message}` : counted;
  return fact(
    "Progressing",
    "True",
    trouble?.reason ?? "RollingOut",
    trouble === undefined ? sofar : `${sofar}; ${trouble.message}`,
  );
}

function routed({ release, ingress, url }: Observed): Fact {
  if (release === undefined)
    return fact("Routed", "False", "NoRelease", "There is no Release to lead traffic to");
  if (release.spec.routes?.length === 0)
    return fact("Routed", "True", "NoRoutes", "It has no routes: other applications reach it by its Service");
  if (ingress === undefined) return fact("Routed", "False", "NoIngress", "Its routes are not written yet");
  return fact("Routed", "True", "RoutesWritten", `${url ?? "Its routes"} leads to it`);
}

function ready({ application, release, refusal }: Observed, rollout: Rollout, facts: readonly Fact[]): Fact {
  const of = (type: string): Fact | undefined => facts.find((candidate) => candidate.type === type);
  if (refusal !== undefined) return fact("Ready", "False", refusal.reason, refusal.message);
  if (application.spec.release === undefined) {
    const builtFact = of("Built");
    return fact(
      "Ready",
      "False",
      builtFact?.reason ?? "NoRelease",
      builtFact?.message ?? "There is no Release yet",
    );
  }
  for (const type of ["Released", "Routed"]) {
    const found = of(type);
    if (found?.status !== "True") return fact("Ready", "False", found?.reason, found?.message);
  }
  if (rollout.complete) {
    const pods = rollout.wanted === 1 ? "1 Pod" : `${rollout.wanted} Pods`;
    const runs = `Release v${release?.spec.number} runs on ${pods}`;
    return release?.spec.insteadOf === undefined
      ? fact("Ready", "True", "Ready", runs)
      : fact("Ready", "True", "ReleaseLeft", `${runs}: ${release.spec.reason ?? "another one was left"}`);
  }
  const progress = of("Progressing");
  return fact("Ready", "False", progress?.reason, progress?.message);
}

function fact(
  type: string,
  status: Condition["status"],
  reason: string | undefined,
  message: string | undefined,
): Fact {
  return {
    type,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}
