import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "@jdos/component-base";
import type { ClusterLayout, NodeLayout } from "./layout.ts";

/**
 * A node's network namespace with a cable to the cluster's bridge. Packet rules and network settings of kube-proxy
 * live and end with it.
 */
export async function createNodeNetwork({ names, host }: ClusterLayout, node: NodeLayout): Promise<void> {
  await runCommand(["ip", "netns", "add", node.netns]);
  const cable = ["link", "add", node.cable, "type", "veth", "peer", "name", "eth0", "netns", node.netns];
  await runCommand(["ip", ...cable]);
  await runCommand(["ip", "link", "set", node.cable, "master", names.bridge, "up"]);
  for (const args of [
    "link set lo up",
    `address add ${node.address}/24 dev eth0`,
    "link set eth0 up",
    `route add default via ${host}`,
  ]) {
    await runCommand(["ip", "-n", node.netns, ...args.split(" ")]);
  }
  await runCommand(["ip", "netns", "exec", node.netns, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1"]);
  await runCommand(["ip", "route", "add", node.podRange, "via", node.address]);
}

/** Idempotent; the rules go with the namespace. The cable would too, but only when the kernel gets round to it. */
export async function removeNodeNetwork({ netns, cable }: NodeLayout): Promise<void> {
  await runCommand(["ip", "link", "delete", cable], { okExitCodes: [0, 1] });
  await runCommand(["ip", "netns", "delete", netns], { okExitCodes: [0, 1] });
}

/** The Pod network of a node by Debian's CNI programs. */
export async function writeCniConfig(node: NodeLayout): Promise<void> {
  const directory = join(node.directory, "cni/net.d");
  await mkdir(directory, { recursive: true });
  const bridge = {
    type: "bridge",
    bridge: "pods0",
    isGateway: true,
    hairpinMode: true,
    ipam: {
      type: "host-local",
      dataDir: join(node.directory, "cni/addresses"),
      ranges: [[{ subnet: node.podRange }]],
      routes: [{ dst: "0.0.0.0/0" }],
    },
  };
  const portmap = { type: "portmap", capabilities: { portMappings: true }, snat: true };
  const list = { cniVersion: "0.4.0", name: node.network, plugins: [bridge, portmap] };
  await writeFile(join(directory, "10-pods.conflist"), JSON.stringify(list));
}
