import type { CniResult } from "@jdos/api";
import type { Attachment } from "../attachment-store.ts";
import type { NetworkDriver } from "../driver/driver.ts";

/** An attachment in the result format of a CNI version. */
export function resultOf(attachment: Attachment, driver: NetworkDriver, cniVersion: string): CniResult {
  const { address, gateway, mac, mtu } = driver.describe(attachment);
  const old = cniVersion.startsWith("0.");
  const withMtu = cniVersion === "1.1.0" ? { mtu } : {};
  return {
    cniVersion,
    interfaces: [
      { name: attachment.hostInterface, mac: "" },
      { name: attachment.ifname, mac, ...withMtu, sandbox: attachment.netns },
    ],
    ips: [{ ...(old ? { version: "4" as const } : {}), address, gateway, interface: 1 }],
    routes: [{ dst: "0.0.0.0/0", gw: gateway }],
    dns: {},
  };
}
