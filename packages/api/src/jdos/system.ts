import type { Condition, ObjectMeta, ResourceType } from "@jdos/apimachinery";
import { jdos } from "./group.ts";

/** A department's share of the platform: a Namespace of its own name with quota and members. Cluster-wide. */
export interface System {
  apiVersion?: "jdos.io/v1";
  kind?: "System";
  metadata?: ObjectMeta;
  spec: SystemSpec;
  status?: SystemStatus;
}

export interface SystemSpec {
  displayName?: string;
  department?: string;
  members?: SystemMember[];
  /** Quantities; an absent member is unlimited. */
  quota?: { cpu?: string; memory?: string; pods?: number; disk?: string };
}

export interface SystemMember {
  /** A user's name, or a group's with kind Group. */
  name: string;
  kind?: "User" | "Group";
  /** owner: all in the system and its members; developer: applications; viewer: read only. */
  role: "owner" | "developer" | "viewer";
}

export interface SystemStatus {
  observedGeneration?: number;
  /** Ready. */
  conditions?: Condition[];
  namespace?: string;
  applications?: number;
}

export const Systems: ResourceType<System> = {
  ...jdos,
  resource: "systems",
  kind: "System",
  namespaced: false,
};
