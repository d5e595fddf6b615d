import { setTimeout as sleep } from "node:timers/promises";
import { CustomResourceDefinitions } from "@jdos/api";
import { isConditionTrue, isStatus, type KubeObject } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { CliError } from "../errors.ts";
import { FIELD_MANAGER } from "./labels.ts";
import { keyOf, nameOf, typeOf } from "./objects.ts";
import { removeProbes } from "./remove-probes.ts";

export interface ApplyOptions {
  dryRun?: boolean;
  signal?: AbortSignal;
}

/** Makes an object be as its manifest says, by server-side apply: repeating it changes nothing. */
export async function applyObject(
  client: Client,
  object: KubeObject,
  { dryRun = false, signal }: ApplyOptions = {},
): Promise<void> {
  const options = { fieldManager: FIELD_MANAGER, ...(signal === undefined ? {} : { signal }) };
  const apply = (): Promise<unknown> =>
    client.patch(
      typeOf(object),
      keyOf(object),
      { type: "apply", body: object },
      { ...options, force: true, dryRun },
    );
  try {
    await apply().catch(async (error: unknown) => {
      if (dryRun || !isStatus(error, "Invalid") || !(await removeProbes(client, object, options)))
        throw error;
      await apply();
    });
  } catch (error) {
    if (!isStatus(error)) throw error;
    throw new CliError(error.reason, `Cannot apply ${nameOf(object)}: ${error.message}`, {
      hint: isStatus(error, "Forbidden")
        ? "Use a kubeconfig that may do so, like the cluster's administrator's"
        : "Repeat the command: what is there already stays",
      cause: error,
    });
  }
}

/** One after another, for later ones may need earlier ones. */
export async function applyAll(
  client: Client,
  objects: readonly KubeObject[],
  { signal, each = () => {} }: { signal: AbortSignal; each?: (object: KubeObject) => void },
): Promise<void> {
  for (const object of objects) {
    signal.throwIfAborted();
    each(object);
    await applyObject(client, object, { signal });
  }
}

const PAUSE_MILLIS = 200;

/** Waits until the API server serves what was defined. */
export async function waitEstablished(
  client: Client,
  definitions: readonly KubeObject[],
  { signal, timeoutSeconds = 60 }: { signal: AbortSignal; timeoutSeconds?: number },
): Promise<void> {
  const until = performance.now() + timeoutSeconds * 1000;
  for (const definition of definitions) {
    while (true) {
      const { status } = await client.get(CustomResourceDefinitions, keyOf(definition), { signal });
      if (isConditionTrue(status?.conditions as never, "Established")) break;
      if (performance.now() > until)
        throw new CliError(
          "Timeout",
          `Cannot go on: ${nameOf(definition)} is not served after ${timeoutSeconds} s`,
          {
            hint: `See its conditions: kubectl describe crd ${definition.metadata?.name}`,
          },
        );
      await sleep(PAUSE_MILLIS, undefined, { signal });
    }
  }
}

/** Deletes an object that may be gone already. */
export async function deleteObject(client: Client, object: KubeObject): Promise<void> {
  try {
    await client.delete(typeOf(object), keyOf(object), { propagationPolicy: "Background" });
  } catch (error) {
    // A Kind that is no longer served has no objects.
    if (!isStatus(error, "NotFound")) throw error;
  }
}
