import { readFileSync } from "node:fs";
import type { Client } from "@jdos/client";
import type { HarborSettings, Logger } from "@jdos/component-base";
import type { PrometheusAccess } from "@jdos/component-base/prometheus";
import { PlatformError } from "./errors.ts";
import type { LocalUser } from "./login/login.ts";
import type { Persons } from "./login/persons.ts";
import type { LogStoreAccess } from "./logs/log-store.ts";
import type { RegistryTokenOptions } from "./registry-token/issuer.ts";

export interface ListenAddress {
  host: string;
  /** 0: a free port. */
  port: number;
}

export interface PlatformApiOptions {
  /** As platform-api itself: it impersonates users and groups, and reads the Secrets `<app>-registry`. */
  client: Client;
  log: Logger;
  /** Where people reach it, 127.0.0.1:7080 by default of jdosd. */
  listen: ListenAddress;
  /** Where Pods and containerd reach /registry/token and this host reaches all: the Pod bridge's gateway. */
  registryTokenListen?: ListenAddress;
  /** The local administrator's token; or `adminTokenFile`. */
  adminToken?: string;
  adminTokenFile?: string;
  /** Who the administrator is to Kubernetes. Defaults to admin in system:masters. */
  admin?: { name: string; groups: readonly string[] };
  /** Further people. */
  users?: readonly LocalUser[];
  /** People whom the cluster knows by their token. Defaults to everybody. */
  persons?: Persons;
  registry: RegistryOptions;
  /** Ports told to people: 0 for what they do not reach by a port of their own. */
  ports: { routes: number; kubernetes: number; registry: number };
  /** Defaults to jdos.localhost. */
  routesDomain?: string;
  /** Defaults to jdos. */
  ingressClass?: string;
  /** Where the git server answers: http://git.jdos.localhost:8080. Without it there is none. */
  gitUrl?: string;
  /** Of Secret jdos-system/git-server-keys: signing secrets of webhooks are made of it. Without it there are none. */
  webhookMasterKey?: string;
  /** The Prometheus that metrics are asked of. Without it there are none. */
  metrics?: PrometheusAccess;
  /** PEM: what the signatures of images are checked with. Without it there are none. */
  signingPublicKey?: string;
  /** The log server. Without it no log is kept. */
  logs?: LogStoreAccess;
  version?: string;
  /** Largest source, as a tar. Defaults to 1.25 GiB: 1 GiB of files, and what a tar adds to them. */
  maxSourceBytes?: number;
  /** Parts of sources that are taken at the same time; others wait their turn. Defaults to 8. */
  maxUploads?: number;
  /** Requests a person may send a second, with as many at once as fit in two seconds. Defaults to 200. */
  requestsPerSecond?: number;
}

export interface RegistryOptions {
  /** Base URL under which this process reaches it: http://10.128.0.20:5000 */
  url: string;
  /** In image references. Defaults to registry.jdos.internal. */
  host?: string;
  /** Before every repository, "" or "team/jdos/". Defaults to "". */
  prefix?: string;
  /** Of JDOS's own registry, whose tokens this process issues. Without it the registry is any other. */
  token?: RegistryTokenOptions;
  /** Password of the user "node" at JDOS's own registry. */
  nodePassword?: string;
  /** Password of the user "retention" at JDOS's own registry. */
  retentionPassword?: string;
  /** Of any other registry: a docker configuration, read at each use. Without it the registry asks for none. */
  credentialsFile?: string;
  /** It is a Harbor: each System has a project of its own there. */
  harbor?: HarborSettings;
}

/** What people are told of routes. */
export interface RouteNames {
  /** Applications answer at <application>.<system>.<domain>. */
  readonly domain: string;
  readonly port: number;
  /** Whose load balancer says, on an Ingress, where its routes lead. */
  readonly ingressClass: string;
  /** Where the git server answers, if there is one. */
  readonly gitUrl?: string;
}

export const DEFAULTS = {
  admin: { name: "admin", groups: ["system:masters", "system:authenticated"] },
  maxSourceBytes: 1280 * 1024 * 1024,
  maxUploads: 8,
  requestsPerSecond: 200,
  routesDomain: "jdos.localhost",
  ingressClass: "jdos",
  registryHost: "registry.jdos.internal",
  version: "0.1.0",
} as const;

/** The administrator's token, given or read from its file once. */
export function readAdminToken({
  adminToken,
  adminTokenFile,
}: Pick<PlatformApiOptions, "adminToken" | "adminTokenFile">): string {
  const token =
    adminToken ?? (adminTokenFile === undefined ? "" : readFileSync(adminTokenFile, "utf8").trim());
  if (token.length < 16) {
    throw new PlatformError(
      "InternalError",
      "Cannot start the platform API: the administrator's token is missing or shorter than 16 characters",
      {
        hint: "Give adminToken or adminTokenFile",
      },
    );
  }
  return token;
}
