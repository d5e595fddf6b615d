import { rm } from "node:fs/promises";
import type { CriClient } from "../cri/cri-client.ts";
import { ignoreMissing } from "../pod/kill.ts";
import type { RuntimeView } from "../runtime/runtime-view.ts";

/** Each container keeps its newest ended predecessor, for `logs --previous`; older ones go with their logs. */
export async function removeDeadContainers(cri: CriClient, view: RuntimeView): Promise<number> {
  let removed = 0;
  for (const uid of view.uids()) {
    const ended = (view.get(uid)?.containers ?? []).filter((item) => item.state === "CONTAINER_EXITED");
    for (const [, sameName] of Map.groupBy(ended, (item) => item.name)) {
      for (const container of sameName.slice(1)) {
        await cri.removeContainer(container.id).catch(ignoreMissing);
        if (container.logPath !== "") await rm(container.logPath, { force: true });
        removed++;
      }
    }
  }
  return removed;
}
