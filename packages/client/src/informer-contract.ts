import type { KubeObject, ObjectKey, ResourceType } from "@jdos/apimachinery";
import type { Stored } from "./client.ts";

export interface InformerOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Every object is handed to the handlers again this often. Defaults to never. */
  resyncSeconds?: number;
}

export interface InformerHandlers<T extends KubeObject> {
  added?(object: Stored<T>): void;
  updated?(object: Stored<T>, old: Stored<T>): void;
  deleted?(object: Stored<T>): void;
}

/** Reads from an informer's memory; never from the server. */
export interface Lister<T extends KubeObject> {
  get(key: ObjectKey | { namespace?: string; name: string }): Stored<T> | undefined;
  /** All objects, or those of a namespace. Cost is that of the answer. */
  list(namespace?: string): readonly Stored<T>[];
  /** Those that an index function filed under `value`. */
  byIndex(index: string, value: string): readonly Stored<T>[];
}

/** A Kind kept in memory by list and watch. */
export interface Informer<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly lister: Lister<T>;
  /** True after the first complete list. */
  readonly synced: boolean;
  /** May be called before or after the start; the handler sees every present object as added. */
  addHandlers(handlers: InformerHandlers<T>): void;
  /** Must be called before the start. The function names the values an object is filed under. */
  addIndex(name: string, index: (object: Stored<T>) => readonly string[]): void;
  waitForSync(signal?: AbortSignal): Promise<void>;
}

/** One informer a Kind and selection, shared by all who ask. */
export interface InformerFactory {
  for<T extends KubeObject>(type: ResourceType<T>, options?: InformerOptions): Informer<T>;
  /** Starts those that are not running yet. */
  start(): void;
  waitForSync(signal?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}
