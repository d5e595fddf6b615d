import { isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Client, ListOptions, Stored } from "../client.ts";
import { GarbledError, TransportError } from "../errors.ts";

export interface Listed<T extends KubeObject> {
  items: readonly Stored<T>[];
  resourceVersion: string;
}

export interface RelistOptions<T extends KubeObject> {
  client: Client;
  type: ResourceType<T>;
  selection: Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector">;
  signal: AbortSignal;
}

/** Objects a page when a list in one piece does not come through. */
const PAGE = 500;

/**
 * Lists a selection, and remembers from one attempt to the next how to ask: from the server's memory first, never
 * older than what was seen; then its newest state; and in pages once a list in one piece was too much.
 */
export class Relist<T extends KubeObject> {
  readonly #options: RelistOptions<T>;
  /** The newest revision seen; the first list takes what is at hand. */
  #atLeast = "0";
  #inPages = false;

  constructor(options: RelistOptions<T>) {
    this.#options = options;
  }

  /** Revisions up to this one were seen: a list must not go back behind them. */
  seen(resourceVersion: string): void {
    this.#atLeast = resourceVersion;
  }

  /** The history was lost or set back: only the newest state counts, whatever its revision. */
  forget(): void {
    this.#atLeast = "";
  }

  async list(): Promise<Listed<T>> {
    try {
      return await (this.#inPages ? this.#pages() : this.#once({ resourceVersion: this.#atLeast }));
    } catch (error) {
      if (isStatus(error, "Expired", "Gone") || isTooLarge(error)) {
        this.#inPages = false;
        this.forget();
      } else this.#inPages ||= isTooMuch(error);
      throw error;
    }
  }

  async #once(how: ListOptions): Promise<Listed<T> & { next?: string }> {
    const { client, type, selection, signal } = this.#options;
    const { items, metadata } = await client.list(type, { ...selection, ...how, signal });
    if (!metadata.resourceVersion)
      throw new GarbledError(`Cannot use the list of "${type.resource}": it has no revision`);
    return { items, resourceVersion: metadata.resourceVersion, next: metadata.continue };
  }

  async #pages(): Promise<Listed<T>> {
    const first = await this.#once({ limit: PAGE });
    const items = [...first.items];
    for (let { next } = first; next !== undefined && next !== ""; ) {
      const page = await this.#once({ limit: PAGE, continue: next });
      items.push(...page.items);
      next = page.next;
    }
    return { items, resourceVersion: first.resourceVersion };
  }
}

/** The server's present revision is behind the one asked for: it was set back, or its memory lags. */
export function isTooLarge(error: unknown): boolean {
  if (!isStatus(error, "Timeout")) return false;
  const known = error.details?.causes?.some(({ reason }) => reason === "ResourceVersionTooLarge");
  return known === true || error.message.includes("Too large resource version");
}

/** The answer did not come in time, or not whole. */
function isTooMuch(error: unknown): boolean {
  return isStatus(error, "Timeout", "ServerTimeout") || error instanceof TransportError;
}
