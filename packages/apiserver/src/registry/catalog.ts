import { type KubeObject, qualifiedResource, type ResourceType } from "@jdos/apimachinery";
import type { Call, Core, WriteCallOptions } from "./call.ts";
import type { Strategy } from "./strategy.ts";

/** Answers a POST on the spot; nothing is stored: TokenReview, SubjectAccessReview. */
export type Review = (
  core: Core,
  call: Call,
  body: KubeObject,
  options: WriteCallOptions,
) => Promise<KubeObject>;

/** One resource in one version, as it is served. */
export interface Endpoint {
  readonly strategy: Strategy;
  readonly type: ResourceType;
  /** The same for all versions of a resource: they are one set of objects. */
  readonly storageKey: string;
  /** Set for what is asked and not stored. */
  readonly review?: Review;
}

type Named = Pick<ResourceType, "group" | "version" | "resource">;

/** The resources that are served: those of the strategies given, and those installed at run time. */
export class Catalog {
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #listeners = new Set<() => void>();
  #generation = 0;

  constructor(strategies: readonly Strategy[]) {
    for (const strategy of strategies) this.install(strategy);
  }

  /** Moves with every change. */
  get generation(): number {
    return this.#generation;
  }

  /** Serves a resource from now on, or in a new way. */
  install(strategy: Strategy, review?: Review): void {
    const { type } = strategy;
    const endpoint = { strategy, type, storageKey: qualifiedResource(type) };
    this.#endpoints.set(idOf(type), review === undefined ? endpoint : { ...endpoint, review });
    this.#changed();
  }

  /** Serves a resource no longer. Its objects stay in the store. */
  remove(type: Named): void {
    if (this.#endpoints.delete(idOf(type))) this.#changed();
  }

  #changed(): void {
    this.#generation++;
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after each change; returns the function that stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  find(type: Named): Endpoint | undefined {
    return this.#endpoints.get(idOf(type));
  }

  /** By Kind rather than by resource. */
  findKind(group: string, version: string, kind: string): Endpoint | undefined {
    for (const endpoint of this.#endpoints.values()) {
      const { type } = endpoint;
      if (type.kind === kind && type.group === group && type.version === version) return endpoint;
    }
    return undefined;
  }

  /** In the order of registration. */
  all(): Iterable<Endpoint> {
    return this.#endpoints.values();
  }
}

function idOf({ group, version, resource }: Named): string {
  return `${group}/${version}/${resource}`;
}
