import { existsSync } from "node:fs";
import {
  HOST_PROGRAMS,
  installPackages,
  missingPackages,
} from "../../../packages/jdosd/src/host/packages.ts";

const CLUSTER_PROGRAMS = [
  ...HOST_PROGRAMS,
  { program: "etcd", package: "etcd-server" },
  { program: "iptables", package: "iptables" },
  { program: "docker-registry", package: "docker-registry" },
  { program: "nsenter", package: "util-linux" },
];

/** Installs what a cluster runs beside Kubernetes itself, without starting services. */
export async function installClusterPrograms(say: (message: string) => void): Promise<void> {
  const missing = await missingPackages({ path: process.env.PATH ?? "", programs: CLUSTER_PROGRAMS });
  const cni = existsSync("/usr/lib/cni/bridge") ? [] : ["containernetworking-plugins"];
  await installPackages([...missing, ...cni], say);
}
