import { setTimeout as sleep } from "node:timers/promises";
import { type Pod, Pods } from "@jdos/api";
import { isStatus, type KubeObject } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { PLATFORM_NAMESPACE } from "../../cluster/names.ts";
import { CliError } from "../../errors.ts";
import { deleteObject } from "../apply.ts";
import { keyOf, nameOf, type ObjectRecord, objectOf, typeOf } from "../objects.ts";

export interface WaitOptions {
  signal: AbortSignal;
  timeoutSeconds: number;
  say(message: string): void;
}

/** Deletes what is recorded, the last made first. */
export async function removeObjects(
  client: Client,
  records: readonly ObjectRecord[],
  { signal, say }: Pick<WaitOptions, "signal" | "say">,
): Promise<void> {
  for (const record of [...records].reverse()) {
    signal.throwIfAborted();
    const object = objectOf(record);
    say(nameOf(object));
    await deleteObject(client, object);
  }
}

const PAUSE_MILLIS = 300;

/** Deletes objects and waits until they are gone with all that hangs on them. */
export async function removeAndWait(
  client: Client,
  records: readonly ObjectRecord[],
  { signal, timeoutSeconds, say }: WaitOptions,
): Promise<void> {
  await removeObjects(client, records, { signal, say });
  const until = performance.now() + timeoutSeconds * 1000;
  for (const object of records.map(objectOf)) {
    while (await exists(client, object)) {
      say(`${nameOf(object)} is being emptied`);
      if (performance.now() > until)
        throw new CliError(
          "Timeout",
          `Cannot finish: ${nameOf(object)} is not gone after ${timeoutSeconds} s`,
          {
            hint: "See what holds it with kubectl describe; then repeat the command",
          },
        );
      await sleep(PAUSE_MILLIS, undefined, { signal });
    }
  }
}

async function exists(client: Client, object: KubeObject): Promise<boolean> {
  try {
    await client.get(typeOf(object), keyOf(object));
    return true;
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}

/** Ends a part and waits until none of its containers runs: nobody is left to act. */
export async function stopPart(client: Client, record: ObjectRecord, options: WaitOptions): Promise<void> {
  await removeAndWait(client, [record], options);
  const until = performance.now() + options.timeoutSeconds * 1000;
  while (true) {
    const { items } = await client.list(Pods, {
      namespace: PLATFORM_NAMESPACE,
      labelSelector: `app.kubernetes.io/name=${record.name}`,
    });
    const acting = items.filter(mayAct);
    if (acting.length === 0) return;
    options.say(`${acting.length} Pods of ${record.name} are ending`);
    if (performance.now() > until)
      throw new CliError("Timeout", `Cannot finish: Pod "${acting[0]!.metadata.name}" does not end`, {
        hint: "See whether its node runs: kubectl get nodes; then repeat the command",
      });
    await sleep(PAUSE_MILLIS, undefined, { signal: options.signal });
  }
}

/** A Pod that is being deleted and whose containers have ended stays for a while, until its node has tidied up. */
function mayAct({ metadata, status }: Stored<Pod>): boolean {
  const containers = status?.containerStatuses ?? [];
  const ended = containers.length > 0 && containers.every(({ state }) => state?.terminated !== undefined);
  return metadata.deletionTimestamp === undefined || !ended;
}
