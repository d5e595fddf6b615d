import { isStatus, parseApiVersion } from "@jdos/apimachinery";
import type { Client } from "../client.ts";
import { readJson } from "./read-json.ts";
import { readServerVersion, type ServerVersion } from "./server-version.ts";

/** A resource or a subresource ("pods/eviction") as a group version lists it. */
export interface ServedResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Of the Kind that is sent and answered, where it is not that of the list. */
  readonly group?: string;
  readonly version?: string;
}

export type ServedResources = ReadonlyMap<string, ServedResource>;

/** What a server serves, asked once a group version and kept until it is forgotten. */
export class Discovery {
  readonly #client: Pick<Client, "raw">;
  readonly #known = new Map<string, Promise<ServedResources | undefined>>();
  #version: Promise<ServerVersion> | undefined;

  constructor(client: Pick<Client, "raw">) {
    this.#client = client;
  }

  version(): Promise<ServerVersion> {
    if (this.#version === undefined) {
      const asked = readServerVersion(this.#client);
      asked.catch(() => {
        if (this.#version === asked) this.#version = undefined;
      });
      this.#version = asked;
    }
    return this.#version;
  }

  /** The resources of "apps/v1" by name, with their subresources; undefined when it is not served. */
  resources(apiVersion: string): Promise<ServedResources | undefined> {
    let known = this.#known.get(apiVersion);
    if (known === undefined) {
      const asked = this.#ask(apiVersion);
      asked.catch(() => {
        if (this.#known.get(apiVersion) === asked) this.#known.delete(apiVersion);
      });
      this.#known.set(apiVersion, asked);
      known = asked;
    }
    return known;
  }

  /** The server may be another one now: the next question is asked anew. */
  forget(group: string): void {
    this.#version = undefined;
    for (const apiVersion of this.#known.keys())
      if (parseApiVersion(apiVersion).group === group) this.#known.delete(apiVersion);
  }

  async #ask(apiVersion: string): Promise<ServedResources | undefined> {
    const { group } = parseApiVersion(apiVersion);
    const path = `${group === "" ? "/api" : "/apis"}/${apiVersion}`;
    try {
      const { resources } = await readJson<{ resources: ServedResource[] | null }>(this.#client, { path });
      return new Map((resources ?? []).map((resource) => [resource.name, resource]));
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
  }
}
