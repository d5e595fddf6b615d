import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { runCommand } from "@jdos/component-base";
import type { Attachment } from "./attachment-store.ts";
import type { KeyLock } from "./key-lock.ts";
import type { VerbContext } from "./verbs/context.ts";
import { cmdDel } from "./verbs/del.ts";

/** Source: umount(8), exit status. */
const NOT_MOUNTED = 32;

export interface ReconcileOptions {
  context: VerbContext;
  lock: KeyLock;
  /** Ids of the sandboxes that exist; when absent, an existing network namespace speaks for its sandbox. */
  validSandboxes?: ReadonlySet<string>;
}

/**
 * Takes back what belongs to sandboxes that are gone: a DEL that came while the daemon was away, an ADD that was
 * killed. Returns how many attachments were removed.
 */
export async function releaseLost({ context, lock, validSandboxes }: ReconcileOptions): Promise<number> {
  let released = 0;
  for (const attachment of context.store.list()) {
    const lost = !existsSync(attachment.netns) || validSandboxes?.has(attachment.containerId) === false;
    if (!lost) continue;
    await lock(attachment.containerId, async () => {
      await cmdDel(context, attachment);
      await removeNamespace(attachment).catch((error: unknown) =>
        context.log.warn({ err: error, netns: attachment.netns }, "Cannot remove a network namespace"),
      );
    });
    released++;
    context.log.info(
      { container: attachment.containerId, pod: attachment.pod, address: attachment.address },
      "Released the network of a sandbox that is gone",
    );
  }
  return released;
}

/** A network namespace that its runtime left behind: a mount on a file. */
async function removeNamespace({ netns }: Attachment): Promise<void> {
  if (netns.startsWith("/proc/") || !existsSync(netns)) return;
  await runCommand(["umount", "--lazy", netns], { okExitCodes: [0, NOT_MOUNTED] });
  await rm(netns, { force: true });
}
