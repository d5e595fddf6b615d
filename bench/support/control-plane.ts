import type { Client } from "@jdos/client";
import { processCpuSeconds, residentMib } from "./measure.ts";

/** An API server with controllers, a scheduler and the platform's controllers, and no node. */
export interface ControlPlane {
  readonly name: string;
  /** Of one that may do everything. */
  readonly client: Client;
  /** The processes it consists of. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** CPU seconds that its processes have spent. */
export function cpuSecondsOf({ pids }: ControlPlane): number {
  return pids.reduce((sum, pid) => sum + processCpuSeconds(pid), 0);
}

export function residentMibOf({ pids }: ControlPlane): number {
  return pids.reduce((sum, pid) => sum + residentMib(pid), 0);
}
