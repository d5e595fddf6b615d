import { CniError } from "../errors.ts";
import type { CniRequest } from "../request.ts";
import type { VerbContext } from "./context.ts";
import { cmdDel } from "./del.ts";

/** Takes back everything that the runtime does not list. Goes through the whole list before it reports. */
export async function cmdGc(context: VerbContext, { config }: CniRequest): Promise<void> {
  const valid = config["cni.dev/valid-attachments"];
  if (valid === undefined) {
    throw new CniError("InvalidConfig", "Cannot collect garbage: cni.dev/valid-attachments is missing");
  }
  const keep = new Set(valid.map(({ containerID, ifname }) => `${containerID}/${ifname}`));
  const failures: unknown[] = [];
  for (const attachment of context.store.list()) {
    if (keep.has(`${attachment.containerId}/${attachment.ifname}`)) continue;
    await cmdDel(context, attachment).catch((error) => failures.push(error));
  }
  if (failures.length > 0) {
    throw new CniError(
      "InputOutput",
      `Cannot collect garbage: ${failures.length} attachments could not be removed`,
      {
        cause: new AggregateError(failures),
      },
    );
  }
}
