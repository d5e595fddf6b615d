import { writeFile } from "node:fs/promises";
import { runCommand } from "@jdos/component-base";
import type { ClusterLayout } from "./layout.ts";

/**
 * The bridge that joins the host and the nodes, and the way out for Pods: to them the host is the bridge's address.
 */
export async function createHostNetwork({ names, host }: ClusterLayout): Promise<void> {
  const { bridge, pods, services, tables } = names;
  await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
  await runCommand(["ip", "link", "add", bridge, "type", "bridge"]);
  await runCommand(["ip", "address", "add", `${host}/24`, "dev", bridge]);
  await runCommand(["ip", "link", "set", bridge, "up"]);
  const rules = `table inet ${tables.pods} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${pods.range} ip daddr != ${pods.range} masquerade
  }
  # A Service's address that kube-proxy has no rule for, as while its rules change, leads nowhere.
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip saddr ${pods.range} ip daddr ${services.range} reject
  }
}
`;
  await runCommand(["nft", "-f", "-"], { input: rules });
}

/** Idempotent. */
export async function removeHostNetwork({ names }: ClusterLayout): Promise<void> {
  await runCommand(["ip", "link", "delete", names.bridge], { okExitCodes: [0, 1] });
  await runCommand(["nft", "-f", "-"], {
    input: `add table inet ${names.tables.pods}\ndelete table inet ${names.tables.pods}\n`,
  });
}
