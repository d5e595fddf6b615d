import type { KubeObject, ObjectKey, ResourceType } from "@jdos/apimachinery";
import type { Client, InformerFactory, InformerOptions, Stored } from "@jdos/client";
import type { Logger } from "@jdos/component-base";

/** What a reconcile asks for next. Nothing: done until the world changes. */
export interface Result {
  /** Reconcile the key again after this long, even if nothing happens. */
  requeueAfterSeconds?: number;
}

export interface ReconcileContext {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly events: EventRecorder;
  readonly log: Logger;
  readonly signal: AbortSignal;
  now(): Date;
}

/**
 * Reads the world and fixes it. Level-based: it never learns which event woke it. It may be killed at any line
 * and run again. A thrown error is retried with back-off; a TerminalError is reported and not retried; a
 * StatusError Conflict is retried at once without being logged as an error.
 */
export type Reconcile = (context: ReconcileContext, key: ObjectKey) => Promise<Result | undefined>;

export interface ControllerOptions {
  name: string;
  /** The Kind whose keys are reconciled. */
  for: ResourceType;
  /** Keys of owners (by controller reference) are reconciled when these change. */
  owns?: readonly ResourceType[];
  /** Other Kinds that matter: each change names the keys to reconcile. */
  watches?: readonly Watch[];
  informer?: InformerOptions;
  reconcile: Reconcile;
  /** Defaults to 4. */
  concurrency?: number;
  /**
   * A key is reconciled no more often than this, for reconciles that cost more than one change is worth; the first
   * comes at once. Defaults to 0.
   */
  minIntervalSeconds?: number;
  /** Called once before the informers start: the place to add indexes and handlers of one's own. */
  setup?(context: ReconcileContext): void;
  /** The component that events name as their source. Defaults to the controller's name. */
  eventSource?: string;
}

export interface Watch<T extends KubeObject = KubeObject> {
  type: ResourceType<T>;
  keys(object: Stored<T>, informers: InformerFactory): readonly ObjectKey[];
  informer?: InformerOptions;
}

export interface EventRecorder {
  /** Writes a Kubernetes Event about the object; equal events are counted, not repeated. Never throws. */
  event(
    about: Stored<KubeObject> | ObjectRef,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
  ): void;
}

export interface ObjectRef {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
  uid?: string;
  fieldPath?: string;
}
