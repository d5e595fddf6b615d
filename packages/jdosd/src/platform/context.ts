import type { Client, UserInfo } from "@jdos/client";
import type { InstanceNames, Logger, Metrics } from "@jdos/component-base";
import type { Credentials } from "../credentials/credentials.ts";
import type { JdosdOptions, PartPaths } from "../options.ts";
import type { Pki } from "../pki/pki.ts";

/** What every part is made from. */
export interface Context {
  readonly options: JdosdOptions;
  readonly names: InstanceNames;
  readonly paths: PartPaths;
  readonly pki: Pki;
  readonly credentials: Credentials;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Makes a client of the API server for one identity. */
export type ClientFactory = (user: UserInfo) => Promise<Client>;

const account = (namespace: string, name: string): UserInfo => ({
  name: `system:serviceaccount:${namespace}:${name}`,
});

/** Who each part is to the API server: its rights are given in manifests/ and by the API server's own roles. */
export const IDENTITIES = {
  admin: { name: "jdosd", groups: ["system:masters"] },
  controllerManager: { name: "system:kube-controller-manager" },
  scheduler: { name: "system:kube-scheduler" },
  serviceProxy: { name: "system:kube-proxy" },
  dns: { name: "system:kube-dns" },
  loadBalancer: account("jdos-system", "load-balancer"),
  platformControllers: account("jdos-system", "platform-controllers"),
  platformApi: account("jdos-system", "platform-api"),
  prometheus: account("jdos-system", "prometheus"),
  registryStorage: account("jdos-system", "registry-storage"),
  logServer: account("jdos-system", "log-server"),
} as const satisfies Record<string, UserInfo>;

export function nodeIdentity(nodeName: string): UserInfo {
  return { name: `system:node:${nodeName}`, groups: ["system:nodes"] };
}
