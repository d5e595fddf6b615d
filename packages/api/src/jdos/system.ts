import type { Condition, ObjectMeta, ResourceType } from "@jdos/apimachinery";
import type { RebuildPolicy } from "./application.ts";
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
  /** Times in which no new Release becomes current. */
  freezeWindows?: FreezeWindow[];
  /** Of those of its Applications that do not say it themselves. */
  build?: {
    /** Defaults to Offer. */
    rebuild?: RebuildPolicy;
  };
  /** Who is told when builds and releases end. */
  notices?: SystemNotice[];
}

/** Once, from `from` to `to`; or each week, on `days` during `hours` of `timeZone`. */
export interface FreezeWindow {
  name: string;
  /** RFC 3339. */
  from?: string;
  to?: string;
  /** Defaults to every day. */
  days?: Weekday[];
  /** "22:00-06:00"; one that ends before it begins ends the next day. Defaults to the whole day. */
  hours?: string;
  /** Of days and hours: Europe/Berlin. Defaults to UTC. */
  timeZone?: string;
  reason?: string;
}

export const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface SystemNotice {
  name: string;
  /** http or https; or `urlSecret`, where the address itself is a secret. */
  url?: string;
  /** A key of a Secret in the system's Namespace. */
  urlSecret?: { name: string; key: string };
  /** Defaults to all. */
  events?: NoticeEvent[];
  /** Signs what is sent: a key of a Secret in the system's Namespace. */
  secret?: { name: string; key: string };
}

export const NOTICE_EVENTS = [
  "build.succeeded",
  "build.failed",
  "build.cancelled",
  "release.deployed",
  "release.left",
] as const;
export type NoticeEvent = (typeof NOTICE_EVENTS)[number];

/** How a notice fares. */
export interface NoticeStatus {
  name: string;
  /** What ended before is not told. */
  since: string;
  /** The event that is being told: "<uid>/<event>", how often it was tried, and when it is tried again. */
  pending?: string;
  attempts?: number;
  nextTime?: string;
  /** When the last one arrived. */
  deliveredTime?: string;
  /** Why the last try failed; absent when it did not. */
  message?: string;
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
  notices?: NoticeStatus[];
}

export const Systems: ResourceType<System> = {
  ...jdos,
  resource: "systems",
  kind: "System",
  namespaced: false,
};
