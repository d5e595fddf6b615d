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
