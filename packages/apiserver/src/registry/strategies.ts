import type { KubeObject } from "@jdos/apimachinery";
import { podStrategy } from "./core/pod/strategy.ts";
import type { Strategy } from "./strategy.ts";

/** A strategy among others: the registry hands each one only objects of its own Kind. */
function entry<T extends KubeObject>(strategy: Strategy<T>): Strategy {
  return strategy as unknown as Strategy;
}

/** Every built-in Kind, in the order of discovery. */
export const strategies: readonly Strategy[] = [entry(podStrategy)];
