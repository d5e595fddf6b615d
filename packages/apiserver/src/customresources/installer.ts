import { type CustomResourceDefinition, CustomResourceDefinitions } from "@jdos/api";
import { deepCopy, deepEqual, isStatus, type ResourceType, setCondition } from "@jdos/apimachinery";
import type { Client, Stored, WatchEvent } from "@jdos/client";
import { CLEANUP_FINALIZER } from "../registry/apiextensions/customresourcedefinition/strategy.ts";
import type { Catalog } from "../registry/catalog.ts";
import { strategyOf } from "./strategy-of.ts";

export interface InstallerOptions {
  /** May read and write definitions and every custom resource. */
  client: Client;
  catalog: Catalog;
  now?: () => Date;
  /** Hears of what failed; the installer goes on. */
  onError?: (error: unknown) => void;
}

/** A running installer. */
export interface Installer {
  stop(): Promise<void>;
}

type Definition = Stored<CustomResourceDefinition>;
const RETRY_MILLIS = 500;

/**
 * Serves what CustomResourceDefinitions define: installs their versions in the catalog, then says so in the
 * definition's conditions; deletes all objects of a definition that is being deleted, then lets it go. When it
 * returns, the definitions that were there are served.
 */
export async function startInstaller(options: InstallerOptions): Promise<Installer> {
  const stopping = new AbortController();
  const installer = new DefinitionInstaller(options);
  const revision = await installer.catchUp();
  const running = installer.follow(revision, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

class DefinitionInstaller {
  readonly #client: Client;
  readonly #catalog: Catalog;
  readonly #now: () => Date;
  readonly #onError: (error: unknown) => void;
  /** What each definition is served as. */
  readonly #served = new Map<string, { types: ResourceType[]; generation: number | undefined }>();

  constructor({ client, catalog, now = () => new Date(), onError = () => {} }: InstallerOptions) {
    this.#client = client;
    this.#catalog = catalog;
    this.#now = now;
    this.#onError = onError;
  }

  async catchUp(): Promise<string> {
    const { items, metadata } = await this.#client.list(CustomResourceDefinitions);
    const present = new Set(items.map((definition) => definition.metadata.name));
    for (const name of this.#served.keys()) if (!present.has(name)) this.#remove(name);
    for (const definition of items) await this.#handle(definition);
    return metadata.resourceVersion;
  }

  async follow(from: string, signal: AbortSignal): Promise<void> {
    let revision = from;
    while (!signal.aborted) {
      try {
        const events = await this.#client.watch(CustomResourceDefinitions, {
          resourceVersion: revision,
          signal,
        });
        for await (const event of events) revision = await this.#take(event);
        if (!signal.aborted) revision = await this.catchUp();
      } catch (error) {
        if (signal.aborted) return;
        this.#onError(error);
        await pause(RETRY_MILLIS, signal);
        revision = await this.catchUp().catch(() => revision);
      }
    }
  }

  async #take(event: WatchEvent<CustomResourceDefinition>): Promise<string> {
    if (event.type === "BOOKMARK") return event.resourceVersion;
    if (event.type === "DELETED") this.#remove(event.object.metadata.name);
    else await this.#handle(event.object);
    return event.object.metadata.resourceVersion;
  }

  async #handle(definition: Definition): Promise<void> {
    try {
      this.#install(definition);
      await this.#report(definition);
      if (definition.metadata.deletionTimestamp !== undefined) await this.#cleanUp(definition);
    } catch (error) {
      if (!isStatus(error, "Conflict", "NotFound")) this.#onError(error);
    }
  }

  #install(definition: Definition): void {
    const { name, generation } = definition.metadata;
    const served = this.#served.get(name);
    if (served !== undefined && served.generation === generation) return;
    const copy = deepCopy<CustomResourceDefinition>(definition as never);
    const strategies = copy.spec.versions
      .filter((version) => version.served)
      .map((version) => strategyOf(copy, version));
    for (const strategy of strategies) this.#catalog.install(strategy);
    const types = strategies.map(({ type }) => type);
    for (const old of served?.types ?? []) {
      if (!types.some((type) => deepEqual(type, old))) this.#catalog.remove(old);
    }
    this.#served.set(name, { types, generation });
  }

  #remove(name: string): void {
    for (const type of this.#served.get(name)?.types ?? []) this.#catalog.remove(type);
    this.#served.delete(name);
  }

  /** NamesAccepted, Established and the accepted names, where they are not there yet. */
  async #report(definition: Definition): Promise<void> {
    const next = deepCopy<CustomResourceDefinition>(definition as never);
    const now = this.#now();
    type Conditions = Parameters<typeof setCondition>[0];
    let conditions = setCondition(
      next.status?.conditions as Conditions,
      { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" },
      now,
    );
    conditions = setCondition(
      conditions,
      {
        type: "Established",
        status: "True",
        reason: "InitialNamesAccepted",
        message: "the initial names have been accepted",
      },
      now,
    );
    if (definition.metadata.deletionTimestamp !== undefined) {
      conditions = setCondition(
        conditions,
        {
          type: "Terminating",
          status: "True",
          reason: "InstanceDeletionInProgress",
          message: "CustomResource deletion is in progress",
        },
        now,
      );
    }
    const status = { ...next.status, conditions, acceptedNames: next.spec.names };
    if (deepEqual(status, definition.status)) return;
    await this.#client.update(CustomResourceDefinitions, { ...next, status } as CustomResourceDefinition, {
      subresource: "status",
    });
  }

  /** Objects go first, the definition last. It is looked at again when the last object's deletion is seen. */
  async #cleanUp(definition: Definition): Promise<void> {
    const { name, finalizers = [] } = definition.metadata;
    const [type] = this.#served.get(name)?.types ?? [];
    if (!finalizers.includes(CLEANUP_FINALIZER)) return;
    if (type !== undefined && !(await this.#deleteObjects(type))) {
      setTimeout(() => void this.#again(name), RETRY_MILLIS).unref();
      return;
    }
    const current = await this.#client.get(CustomResourceDefinitions, { name });
    const next = deepCopy<CustomResourceDefinition>(current as never);
    const left = (next.metadata?.finalizers ?? []).filter((one) => one !== CLEANUP_FINALIZER);
    next.metadata = { ...next.metadata, finalizers: left };
    this.#remove(name);
    await this.#client.update(CustomResourceDefinitions, next);
  }

  async #again(name: string): Promise<void> {
    const definition = await this.#client.get(CustomResourceDefinitions, { name }).catch(() => undefined);
    if (definition !== undefined) await this.#handle(definition);
  }

  /** True when none is left; objects with finalizers stay until their owners let them go. */
  async #deleteObjects(type: ResourceType): Promise<boolean> {
    const { items } = await this.#client.list(type);
    for (const { metadata } of items) {
      if (metadata.deletionTimestamp !== undefined) continue;
      const key = {
        name: metadata.name,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      };
      await this.#client.delete(type, key).catch((error) => {
        if (!isStatus(error, "NotFound")) throw error;
      });
    }
    const left = await this.#client.list(type, { limit: 1 });
    return left.items.length === 0;
  }
}

function pause(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
