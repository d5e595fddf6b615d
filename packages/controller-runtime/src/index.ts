/**
 * The reconcile loop. Informers see the world change, name keys, and a work queue hands each key to `reconcile`,
 * which reads the world and fixes it; errors come back with back-off.
 * @module
 */
export { type ApplyStatusOptions, applyStatus } from "./apply-status.ts";
export type * from "./contract.ts";
export { type Controller, type ControllerDependencies, createController, ownerKey } from "./controller.ts";
export { LeadershipError, TerminalError } from "./errors.ts";
export {
  createEventRecorder,
  type EventRecorderOptions,
  type StoppableEventRecorder,
} from "./events/event-recorder.ts";
export { Expectations } from "./expectations.ts";
export { addFinalizer, type FinalizerOptions, hasFinalizer, removeFinalizer } from "./finalizers.ts";
export { type LeaderElectionOptions, runAsLeader } from "./leader-election/leader-election.ts";
export type { Leadership } from "./leader-election/leadership.ts";
export { type AddOptions, createManager, type Manager, type ManagerOptions } from "./manager.ts";
export { type ControllerMetrics, createControllerMetrics } from "./metrics.ts";
export { type ConnectOptions, connect } from "./process/connect.ts";
export type * from "./process/contract.ts";
export { runProcess } from "./process/run-process.ts";
