import type { Client, UserInfo } from "@jdos/client";
import type { ApplicationImages, Clock, Logger } from "@jdos/component-base";
import type { Prometheus } from "@jdos/component-base/prometheus";
import type { FastifyRequest } from "fastify";
import { unauthorized } from "../login/login.ts";
import type { LogStoreClient } from "../logs/log-store.ts";
import type { RouteNames } from "../options.ts";
import type { RegistryAccess } from "../source/registry-access.ts";

/** What the routes need besides the request. */
export interface RouteContext {
  log: Logger;
  /** The platform API's own, for what is no person's business. */
  ownClient: Client;
  version: string;
  ports: { routes: number; kubernetes: number; registry: number };
  routes: RouteNames;
  registry: RegistryAccess;
  /** Images of this platform begin with it: "registry.jdos.internal/" */
  imagePrefix: string;
  images: ApplicationImages;
  /** Each System has a project of Harbor, which comes after it. */
  harbor: boolean;
  webhookMasterKey: string | undefined;
  signingPublicKey: string | undefined;
  /** What metrics are asked of. */
  prometheus: Prometheus | undefined;
  clock: Clock;
  /** Undefined where no log is kept. */
  logStore: LogStoreClient | undefined;
  maxSourceBytes: number;
  maxUploads: number;
}

/** The person of a request and the Kubernetes API as that person. */
export interface Session {
  person: UserInfo;
  client: Client;
}

const sessions = new WeakMap<object, Session>();

export function setSession(request: FastifyRequest, session: Session): void {
  sessions.set(request, session);
}

export function sessionOf(request: FastifyRequest): Session {
  const session = sessions.get(request);
  if (session === undefined) throw unauthorized(false);
  return session;
}
