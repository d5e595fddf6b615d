import { qualifiedResource, type ResourceType } from "@jdos/apimachinery";
import type { Strategy } from "./strategy.ts";

/** One resource in one version, as it is served. */
export interface Endpoint {
  readonly strategy: Strategy;
  readonly type: ResourceType;
  /** The same for all versions of a resource: they are one set of objects. */
  readonly storageKey: string;
}

type Named = Pick<ResourceType, "group" | "version" | "resource">;

/** The resources that are served: those of the strategies given, and those installed at run time. */
export class Catalog {
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #listeners = new Set<() => void>();
  #generation = 0;

  constructor(strategies: readonly Strategy[]) {
    for (const strategy of strategies) this.#set(strategy);
  }

  /** Moves with every change. */
  get generation(): number {
    return this.#generation;
  }

  #set(strategy: Strategy): void {
    const { type } = strategy;
    this.#endpoints.set(idOf(type), { strategy, type, storageKey: qualifiedResource(type) });
    this.#generation++;
  }

  /** Serves a resource from now on, or in a new way. */
  install(strategy: Strategy): void {
    this.#set(strategy);
    for (const listener of this.#listeners) listener();
  }

  /** Serves a resource no longer. */
  remove(type: Named): void {
    if (!this.#endpoints.delete(idOf(type))) return;
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
