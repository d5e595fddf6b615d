import type { ResourceType } from "@jdos/apimachinery";

/** Content of an object as JSON, of whichever version. */
export type Content = Readonly<Record<string, unknown>>;

/**
 * How a Kind looks in a version before the one the platform speaks. The functions leave `apiVersion` to their
 * caller, never change their argument, share what they do not change, and take parts of an object (a merge patch's
 * body) as well as a whole one.
 */
export interface OlderShape {
  /** "v1beta1" */
  readonly version: string;
  /** Members of the newest shape, dotted, that this version has no place for. */
  readonly lacks: readonly string[];
  /** Members of the newest shape, dotted, that this version says in other words. */
  readonly differs: readonly string[];
  /** What the newest version does with dependents of what is deleted without a word on it, where this one differs. */
  readonly propagationPolicy?: "Background";
  /** What this version serves, in the newest shape. */
  fromOlder(object: Content): Content;
  /** The newest shape as this version takes it. What it lacks is the caller's to refuse. */
  toOlder(object: Content): Content;
}

/** A Kind that a cluster may serve only in an older version. */
export interface ShapedKind {
  readonly type: ResourceType;
  /** The newest first. */
  readonly older: readonly OlderShape[];
}

/** An older version that says the same in the same words. */
export function sameWords(version: string, lacks: readonly string[] = []): OlderShape {
  return { version, lacks, differs: [], fromOlder: (object) => object, toOlder: (object) => object };
}
