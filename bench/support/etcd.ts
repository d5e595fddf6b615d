import { once } from "node:events";

import { join } from "node:path";
import { freePort } from "@jdos/component-base/testing";
import { background, requirePackages, until } from "./programs.ts";

export interface Etcd {
  /** 127.0.0.1:PORT */
  address: string;
  pid: number;
  stop(): Promise<void>;
}

/** Debian's etcd on loopback, synced to disk as it comes. */
export async function startEtcd(directory: string): Promise<Etcd> {
  await requirePackages({ "etcd-server": "/usr/bin/etcd" });
  const [clientPort, peerPort] = [await freePort(), await freePort()];
  const client = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const process = background("etcd", [
    "--data-dir",
    join(directory, "data"),
    "--listen-client-urls",
    client,
    "--advertise-client-urls",
    client,
    "--listen-peer-urls",
    peer,
    "--initial-advertise-peer-urls",
    peer,
    "--initial-cluster",
    `default=${peer}`,
    "--force-new-cluster",
    "--log-level",
    "error",
  ]);
  await until(async () => (await (await fetch(`${client}/health`)).text()).includes('"true"'));
  return {
    address: `127.0.0.1:${clientPort}`,
    pid: process.pid!,
    async stop() {
      process.kill("SIGTERM");
      await once(process, "exit");
    },
  };
}
