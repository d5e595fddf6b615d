import type { Explanation } from "@jdos/api";
import { SITUATIONS } from "./situations.ts";
import type { World } from "./world.ts";

/**
 * Why an application is as it is: the first situation in SITUATIONS that the world shows, in one sentence, with the
 * facts it rests on and what to do next. Pure.
 */
export function explain(world: World): Explanation {
  for (const situation of SITUATIONS) {
    const found = situation(world);
    if (found !== undefined) return found;
  }
  return {
    situation: "Unknown",
    healthy: false,
    sentence: `Application "${world.application.metadata.name}" is not ready, and nothing recorded says why`,
    evidence: [],
    nextStep: "Wait a few seconds and ask again; then look at the events and the log",
  };
}
