import type { Explanation } from "@jdos/api";
import {
  baseOutdated,
  beingDeleted,
  frozen,
  nothingDeployed,
  notReleased,
  stopped,
  tampered,
  waitsForApproval,
} from "./situations/application.ts";
import {
  buildCancelled,
  buildFailed,
  building,
  buildOutOfBounds,
  buildQueued,
  buildWaits,
} from "./situations/build.ts";
import { crashLoop, ended, livenessFails, outOfMemory } from "./situations/crash.ts";
import { readinessFails, wrongAddress, wrongPort } from "./situations/readiness.ts";
import {
  healthy,
  left,
  notRouted,
  paused,
  rollingOut,
  rolloutStalled,
  spreading,
  starting,
  tried,
} from "./situations/rollout.ts";
import { podRefused, quotaExceeded, unschedulable, waitsForScheduler } from "./situations/scheduling.ts";
import {
  configurationMissing,
  imageNotPulled,
  networkMissing,
  volumeMissing,
  wontStart,
} from "./situations/start.ts";
import type { World } from "./world.ts";

export type Situation = (world: World) => Explanation | undefined;

/** In the order they are tried: what makes the others impossible to judge stands first. */
export const SITUATIONS: readonly Situation[] = [
  beingDeleted,
  nothingDeployed,
  tampered,
  notReleased,
  buildOutOfBounds,
  buildFailed,
  buildCancelled,
  buildQueued,
  buildWaits,
  building,
  stopped,
  quotaExceeded,
  podRefused,
  paused,
  unschedulable,
  waitsForScheduler,
  imageNotPulled,
  configurationMissing,
  volumeMissing,
  networkMissing,
  wontStart,
  outOfMemory,
  livenessFails,
  crashLoop,
  ended,
  wrongPort,
  wrongAddress,
  readinessFails,
  rolloutStalled,
  tried,
  spreading,
  starting,
  left,
  rollingOut,
  notRouted,
  waitsForApproval,
  frozen,
  baseOutdated,
  healthy,
];
