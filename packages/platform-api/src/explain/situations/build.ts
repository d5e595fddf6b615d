import type { Build } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { appFlags, conditionOf, isPodReady, newestBuild, newestRelease, wantedPods } from "../facts.ts";
import type { Situation } from "../situations.ts";
import type { World } from "../world.ts";

/** A Build that no Release came from yet, so that it still decides what happens next. */
function openBuild(world: World): Stored<Build> | undefined {
  const build = newestBuild(world);
  if (build === undefined) return undefined;
  const later = newestRelease(world);
  return later !== undefined &&
    later.metadata.creationTimestamp > build.metadata.creationTimestamp &&
    later.spec.build !== build.metadata.name
    ? undefined
    : build;
}

/** "; release 3 keeps serving" for a world whose wanted Release has ready Pods. */
function serving(world: World): string {
  const ready = wantedPods(world).some(isPodReady);
  return ready && world.application.spec.release !== undefined
    ? `; release ${world.application.spec.release} keeps serving`
    : "";
}

export const buildFailed: Situation = (world) => {
  const build = openBuild(world);
  if (build?.status?.phase !== "Failed") return undefined;
  const stage = build.status.stages?.find(({ state }) => state === "Failed");
  const why = stage?.message ?? conditionOf(build, "Succeeded")?.message ?? "no reason was recorded";
  const log = world.logs.find(({ pod }) => pod === build.status?.pod)?.lines ?? [];
  const hint = log.findLast((line) => line.startsWith("hint: "))?.slice("hint: ".length);
  const lines = log.filter((line) => !/^(?:--- stage |error: |hint: )/.test(line)).slice(-5);
  return {
    situation: "BuildFailed",
    healthy: false,
    sentence: `Build ${build.spec.number} failed${stage === undefined ? "" : ` at stage "${stage.name}"`}: ${why}${serving(world)}`,
    evidence: [
      { from: `Build/${build.metadata.name}`, text: why },
      ...lines.map((text) => ({ from: `log of build ${build.spec.number}`, text })),
    ],
    nextStep:
      hint === undefined
        ? `Read its log (jdos build logs ${build.spec.number} ${appFlags(world)}), correct the source and deploy again`
        : `${hint}; the whole log: jdos build logs ${build.spec.number} ${appFlags(world)}`,
  };
};

/** What a person can do about a build that its bounds ended. */
const BOUNDS: Readonly<Record<string, { situation: string; nextStep: string }>> = {
  TimedOut: {
    situation: "BuildTimedOut",
    nextStep: "Make the build do less, or give it more time (build.timeoutSeconds), and deploy again",
  },
  RegistryFull: {
    situation: "RegistryFull",
    nextStep:
      "Delete applications or lower their historyLimit, or give the registry more room (--registry-limit), and deploy again when jdos doctor says that it has room",
  },
  OutOfDisk: {
    situation: "BuildOutOfDisk",
    nextStep: "Let the build write less (caches and archives above all), and deploy again",
  },
  OutOfMemory: {
    situation: "BuildOutOfMemory",
    nextStep: "Let the build use less memory, or give it more (build.memory), and deploy again",
  },
};

export const buildOutOfBounds: Situation = (world) => {
  const build = openBuild(world);
  const said = conditionOf(build, "Succeeded");
  const bound = BOUNDS[said?.reason ?? ""];
  if (build?.status?.phase !== "Failed" || bound === undefined) return undefined;
  const why = said?.message ?? "no reason was recorded";
  return {
    situation: bound.situation,
    healthy: false,
    sentence: `Build ${build.spec.number} was ended: ${why}${serving(world)}`,
    evidence: [{ from: `Build/${build.metadata.name}`, text: `${said?.reason}: ${why}` }],
    nextStep: `${bound.nextStep}. Its log: jdos build logs ${build.spec.number} ${appFlags(world)}`,
  };
};

export const buildCancelled: Situation = (world) => {
  const build = openBuild(world);
  if (build?.status?.phase !== "Cancelled") return undefined;
  const { reason = "Cancelled", message = "no reason was recorded" } = conditionOf(build, "Succeeded") ?? {};
  const still = serving(world);
  return {
    situation: reason === "Superseded" ? "BuildSuperseded" : "BuildCancelled",
    // What serves goes on as it is.
    healthy: still !== "",
    sentence: `Build ${build.spec.number} was cancelled: ${message}${still}`,
    evidence: [{ from: `Build/${build.metadata.name}`, text: `${reason}: ${message}` }],
    nextStep: `To build it after all: jdos build retry ${build.spec.number} ${appFlags(world)}`,
  };
};

export const buildQueued: Situation = (world) => {
  const build = openBuild(world);
  if (build?.status?.phase !== "Queued") return undefined;
  const { reason, message = "others are built first" } = conditionOf(build, "Succeeded") ?? {};
  return {
    situation: "BuildQueued",
    healthy: false,
    sentence: `Build ${build.spec.number} is queued: ${message}${serving(world)}`,
    evidence: [{ from: `Build/${build.metadata.name}`, text: `phase Queued: ${message}` }],
    nextStep:
      reason === "BeginsAgain"
        ? "It begins again by itself; see the events of the application if it does not come through"
        : `It starts by itself; to give it up: jdos build cancel ${build.spec.number} ${appFlags(world)}`,
  };
};

export const buildWaits: Situation = (world) => {
  const build = openBuild(world);
  if (build === undefined || (build.status?.phase ?? "Pending") !== "Pending") return undefined;
  const why = conditionOf(build, "Succeeded")?.message;
  return {
    situation: "BuildWaits",
    healthy: false,
    sentence: `Build ${build.spec.number} waits to start${why === undefined ? "" : `: ${why}`}${serving(world)}`,
    evidence: [{ from: `Build/${build.metadata.name}`, text: why ?? "phase Pending" }],
    nextStep: "Wait a few seconds; if it does not start, look at the events of the system",
  };
};

export const building: Situation = (world) => {
  const build = openBuild(world);
  if (build?.status?.phase !== "Running") return undefined;
  const stage = build.status.stages?.find(({ state }) => state === "Running");
  return {
    situation: "Building",
    healthy: false,
    sentence: `Build ${build.spec.number} is running${stage === undefined ? "" : ` at stage "${stage.name}"`}${serving(world)}`,
    evidence: [
      {
        from: `Build/${build.metadata.name}`,
        text: `phase Running since ${build.status.startTime ?? build.metadata.creationTimestamp}`,
      },
    ],
    nextStep: `Follow it: jdos build logs ${build.spec.number} -f ${appFlags(world)}`,
  };
};
