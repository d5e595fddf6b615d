import type { CniRequest } from "../request.ts";
import type { VerbContext } from "./context.ts";

/** Takes the interface and the address back. Succeeds when there is nothing to take. */
export async function cmdDel(
  { store, driver }: VerbContext,
  request: Pick<CniRequest, "containerId" | "ifname">,
): Promise<void> {
  const attachment = store.get(request.containerId, request.ifname);
  if (attachment === undefined) return;
  await driver.detach(attachment);
  store.remove(attachment.containerId, attachment.ifname);
}
