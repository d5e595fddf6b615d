import type { SystemSpec } from "../../jdos/system.ts";

export interface PlatformStatus {
  version: string;
  ready: boolean;
  /** Who the token belongs to. */
  person: string;
  node?: string;
  systems: number;
  applications: number;
  /** Port of application traffic; the host name says which application. */
  routesPort: number;
  kubernetesPort: number;
  registryPort: number;
  /** How full the registry is, where it is JDOS's own. Full: no deploy that builds is taken. */
  registry?: { usedBytes: number; limitBytes: number; state: "Ok" | "Full" };
}

export interface CreateSystemRequest extends Omit<SystemSpec, "freezeWindows" | "notices"> {
  name: string;
}

export interface SystemView {
  name: string;
  displayName?: string;
  department?: string;
  state: "Ready" | "NotReady" | "Deleting";
  message?: string;
  members: { name: string; role: string }[];
  quota?: SystemSpec["quota"];
  applications: number;
  createdAt: string;
}
