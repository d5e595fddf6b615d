import type { ContainerState, Labels } from "../cri/types.ts";

/** A container as the runtime has it, running or ended. Times are milliseconds since the epoch. */
export interface RuntimeContainer {
  readonly id: string;
  readonly name: string;
  readonly sandboxId: string;
  readonly state: ContainerState;
  readonly restartCount: number;
  readonly hash: string;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly image: string;
  readonly imageRef: string;
  readonly logPath: string;
  readonly annotations: Labels;
}

export interface RuntimeSandbox {
  readonly id: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAt: number;
  readonly ips: readonly string[];
}

/** Everything the runtime has of one Pod, the newest first. */
export interface PodRuntime {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly sandboxes: readonly RuntimeSandbox[];
  readonly containers: readonly RuntimeContainer[];
}

/** The newest container of a name. */
export function newestOf(runtime: PodRuntime | undefined, name: string): RuntimeContainer | undefined {
  return runtime?.containers.find((container) => container.name === name);
}

export function readySandboxOf(runtime: PodRuntime | undefined): RuntimeSandbox | undefined {
  const newest = runtime?.sandboxes[0];
  return newest?.ready === true ? newest : undefined;
}

export function isRunning(container: RuntimeContainer | undefined): boolean {
  return container?.state === "CONTAINER_RUNNING";
}
