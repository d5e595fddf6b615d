import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import type { CniResult } from "@jdos/api";
import { CniError } from "../errors.ts";
import { type CniRequest, isConfined, portMappingsOf } from "../request.ts";
import type { VerbContext } from "./context.ts";
import { cmdDel } from "./del.ts";
import { resultOf } from "./result.ts";

/**
 * Gives a container its interface and address. The address is on disk before anything is made, and the veth's
 * name derives from the container: whatever is left of an ADD that was killed is found by DEL and reconcile().
 */
export async function cmdAdd(context: VerbContext, request: CniRequest): Promise<CniResult> {
  const { store, driver, bridge } = context;
  const { containerId, ifname, netns, args, config } = request;
  await stat(netns).catch((cause) => {
    throw new CniError(
      "UnknownContainer",
      `Cannot add "${ifname}": network namespace "${netns}" is missing`,
      { cause },
    );
  });
  const portMappings = portMappingsOf(config);
  await cmdDel(context, request);
  const attachment = store.add({
    containerId,
    ifname,
    netns,
    hostInterface: hostInterfaceOf(bridge, containerId, ifname),
    pod: [args.get("K8S_POD_NAMESPACE"), args.get("K8S_POD_NAME")].filter(Boolean).join("/"),
    portMappings,
    confined: isConfined(config),
  });
  try {
    await driver.attach(attachment);
  } catch (error) {
    await driver.detach(attachment);
    store.remove(containerId, ifname);
    throw error;
  }
  return resultOf(attachment, driver, config.cniVersion);
}

/** At most 15 characters, the same for the same container. */
function hostInterfaceOf(bridge: string, containerId: string, ifname: string): string {
  const digest = createHash("sha256").update(`${containerId}/${ifname}`).digest("hex");
  return `${bridge}-${digest}`.slice(0, 15);
}
