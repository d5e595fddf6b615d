import type { FreezeWindow, NoticeStatus, SystemNotice } from "../../jdos/system.ts";

/** What two releases differ in. */
export interface ReleaseDiff {
  system: string;
  application: string;
  from: number;
  to: number;
  /** Image, environment, command, ports, resources, health, routes; empty: they are the same. */
  changes: ReleaseChange[];
}

export interface ReleaseChange {
  /** "image", "env.DATABASE_URL", "memory", "health.path", "routes[0].host" */
  path: string;
  /** Absent: it was not there before. */
  from?: string;
  /** Absent: it is not there any more. */
  to?: string;
}

export interface PromoteRequest {
  /** The system defaults to that of the target, the release to the one that serves. */
  from: { system?: string; app: string; release?: number };
  /** Names this request: sent again with the same value it changes nothing. */
  requestId?: string;
  /** Goes before a freeze window, which owners may. */
  force?: boolean;
}

/** A Secret of a system that applications take variables from. Its values are told to nobody. */
export interface SecretView {
  name: string;
  keys: string[];
  /** Applications that take variables or builds from it. */
  usedBy: string[];
  createdAt: string;
}

export interface SecretRequest {
  /** Base64 of each key's value; keys that are not named stay. */
  set?: Record<string, string>;
  unset?: string[];
}

export interface FreezeView extends FreezeWindow {
  /** It is on now, until this time. */
  until?: string;
}

export interface NoticeView extends Omit<SystemNotice, "url"> {
  /** Without what stands behind the host, which may be a secret. */
  address?: string;
  status?: Omit<NoticeStatus, "name">;
}

/** What is POSTed to a notice's address. */
export interface NoticeBody {
  /** One of NOTICE_EVENTS. */
  event: string;
  /** The same of a delivery that arrives twice. */
  id: string;
  time: string;
  system: string;
  application: string;
  build?: {
    name: string;
    number: number;
    phase: string;
    image?: string;
    revision?: string;
    requestedBy?: string;
  };
  release?: { name: string; number: number; image: string; reason?: string; createdBy?: string };
  url?: string;
  /** A sentence, as Slack and what understands its webhooks show it. */
  text: string;
}
