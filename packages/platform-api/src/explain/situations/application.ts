import { BASE_IMAGE_CONDITION } from "@jdos/api";
import { appFlags, conditionOf, isPodReady, newestRelease, wantedPods, wantedRelease } from "../facts.ts";
import type { Situation } from "../situations.ts";

export const beingDeleted: Situation = ({ application, pods }) => {
  const { deletionTimestamp, name, finalizers } = application.metadata;
  if (deletionTimestamp === undefined) return undefined;
  return {
    situation: "Deleting",
    healthy: false,
    sentence: `Application "${name}" is being deleted since ${deletionTimestamp}; ${pods.length} of its Pods remain`,
    evidence: (finalizers ?? []).map((text) => ({ from: "finalizer", text })),
    nextStep: "Wait until it is gone; its Pods have their grace period to finish",
  };
};

export const nothingDeployed: Situation = (world) => {
  if (
    world.builds.length > 0 ||
    world.releases.length > 0 ||
    world.application.spec.source?.image !== undefined
  )
    return undefined;
  return {
    situation: "NothingDeployed",
    healthy: false,
    sentence: `Application "${world.application.metadata.name}" has no build and no release yet: nothing was deployed`,
    evidence: [],
    nextStep: `Deploy it: jdos deploy PATH ${appFlags(world)}`,
  };
};

export const tampered: Situation = (world) => {
  const release = wantedRelease(world);
  const intact = conditionOf(release, "Intact");
  if (release === undefined || intact?.status !== "False") return undefined;
  return {
    situation: "ReleaseTampered",
    healthy: false,
    sentence: `Release ${release.spec.number} was changed after it was made and is not deployed: its content no longer matches its hash`,
    evidence: [{ from: `Release/${release.metadata.name}`, text: intact.message ?? "Intact is False" }],
    nextStep: `Return to another release: jdos rollback ${appFlags(world)}`,
  };
};

/** What is asked for is no Release, or none that may be returned to. */
export const notReleased: Situation = (world) => {
  const { application } = world;
  const released = conditionOf(application, "Released");
  const { reason = "", message = "" } = released ?? {};
  if (released?.status !== "False" || !["ReleaseMissing", "RollbackRefused"].includes(reason))
    return undefined;
  if ((released.observedGeneration ?? 0) < (application.metadata.generation ?? 0)) return undefined;
  const current = application.spec.release;
  const serving = reason === "RollbackRefused" && wantedPods(world).some(isPodReady);
  return {
    situation: reason,
    healthy: false,
    sentence: `${message}${serving && current !== undefined ? `; release ${current} keeps serving` : ""}`,
    evidence: [{ from: `Application/${application.metadata.name}`, text: `Released is False: ${reason}` }],
    nextStep: `Choose one that exists (jdos releases ${appFlags(world)}) and return to it (jdos rollback VERSION), or deploy again`,
  };
};

export const stopped: Situation = (world) => {
  if ((world.application.spec.replicas ?? 1) !== 0) return undefined;
  return {
    situation: "Stopped",
    healthy: true,
    sentence: `Application "${world.application.metadata.name}" is stopped: it is scaled to 0 replicas`,
    evidence: [{ from: `Application/${world.application.metadata.name}`, text: "spec.replicas is 0" }],
    nextStep: `Start it: jdos scale --replicas 1 ${appFlags(world)}`,
  };
};

/** deployPolicy Manual: a newer Release exists and nobody made it current. */
export const waitsForApproval: Situation = (world) => {
  const newest = newestRelease(world);
  const current = world.application.spec.release;
  if (
    world.application.spec.deployPolicy !== "Manual" ||
    newest === undefined ||
    newest.spec.number === current
  )
    return undefined;
  const serving = wantedPods(world).some(isPodReady);
  return {
    situation: "WaitsForApproval",
    healthy: serving,
    sentence: `Release ${newest.spec.number} is ready to deploy but not current (deployPolicy is Manual)${current === undefined ? "" : `; release ${current} ${serving ? "serves" : "is wanted"}`}`,
    evidence: [{ from: `Release/${newest.metadata.name}`, text: newest.spec.reason ?? newest.spec.image }],
    nextStep: `Make it current: jdos rollback ${newest.spec.number} ${appFlags(world)}`,
  };
};

/** All is well, and an image that it was built on is newer. */
export const baseOutdated: Situation = (world) => {
  const { application } = world;
  const base = conditionOf(application, BASE_IMAGE_CONDITION);
  if (base?.status !== "False" || conditionOf(application, "Ready")?.status !== "True") return undefined;
  const [sentence = "", ...rest] = (base.message ?? "A base image is newer").split(". Build it again: ");
  return {
    situation: "BaseImageNewer",
    healthy: true,
    sentence: `Application "${application.metadata.name}" runs; ${sentence}`,
    evidence: [
      { from: `Application/${application.metadata.name}`, text: `BaseImageCurrent is False: ${base.reason}` },
    ],
    nextStep:
      rest.length > 0
        ? `Build it again: ${rest.join("")}`
        : `Wait, or look at it: jdos builds ${appFlags(world)}`,
  };
};

/** A freeze of its system is on, and something waits for its end. */
export const frozen: Situation = (world) => {
  const released = conditionOf(world.application, "Released");
  if (released?.reason !== "Frozen") return undefined;
  const serving = wantedPods(world).some(isPodReady);
  const { name, namespace } = world.application.metadata;
  return {
    situation: "Frozen",
    healthy: serving,
    sentence: released.message ?? `System "${namespace}" is frozen`,
    evidence: [{ from: `Application/${name}`, text: `Released is ${released.status}: Frozen` }],
    nextStep: `Wait: it goes on by itself. See the windows: jdos system freeze list --system ${namespace}`,
  };
};
