import { CniError } from "../errors.ts";
import type { CniRequest } from "../request.ts";
import type { VerbContext } from "./context.ts";

/** Succeeds when the container still has what ADD gave it. */
export async function cmdCheck(
  { store, driver }: VerbContext,
  { containerId, ifname }: CniRequest,
): Promise<void> {
  const attachment = store.get(containerId, ifname);
  if (attachment === undefined) {
    throw new CniError(
      "UnknownContainer",
      `Cannot check "${ifname}" of container "${containerId}": never added`,
    );
  }
  await driver.check(attachment);
}
