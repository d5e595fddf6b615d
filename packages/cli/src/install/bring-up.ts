import type { KubeObject } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { applyAll, deleteObject, waitEstablished } from "./apply.ts";
import { labelled } from "./labels.ts";
import type { Stages } from "./manifests.ts";
import { identityOf, nameOf, type ObjectRecord, objectOf, recordOf } from "./objects.ts";
import { claimInstallation, type Installation, requireOwn, writeInstallation } from "./record.ts";
import { isRolledOut, waitForRollout } from "./rollout.ts";
import type { StageRunner } from "./stage-runner.ts";

export interface BringUpOptions {
  client: Client;
  installation: Installation;
  stages: Stages;
  run: StageRunner;
  signal: AbortSignal;
  timeoutSeconds: number;
}

/** Each object as a member of the installation. */
export function prepareStages(stages: Stages, id: string): Stages {
  const prepare = (objects: readonly KubeObject[]) => objects.map((object) => labelled(object, id));
  return {
    definitions: prepare(stages.definitions),
    namespace: prepare(stages.namespace),
    rights: prepare(stages.rights),
    parts: prepare(stages.parts),
  };
}

export function objectsOf({ namespace, definitions, rights, parts }: Stages): KubeObject[] {
  return [...namespace, ...definitions, ...rights, ...parts];
}

/**
 * Makes the cluster be as the stages say, and waits until it is. What is about to be made is written down first, so
 * that whoever comes after a broken-off run finds all of it; what is no longer wanted is removed last.
 */
export async function bringUp(options: BringUpOptions): Promise<Installation> {
  const { client, installation, stages, run, signal, timeoutSeconds } = options;
  const wanted = objectsOf(stages).map(recordOf);
  const before = installation.objects;
  await run("namespace", async () => {
    await requireOwn(client, installation.id);
    await applyAll(client, stages.namespace, { signal });
    await claimInstallation(client, { ...installation, objects: union(before, wanted) });
  });
  await run("definitions", async (say) => {
    await applyAll(client, stages.definitions, { signal, each: (object) => say(nameOf(object)) });
    await waitEstablished(client, stages.definitions, { signal });
  });
  await run("rights", (say) =>
    applyAll(client, stages.rights, { signal, each: (object) => say(nameOf(object)) }),
  );
  await run("parts", (say) =>
    applyAll(client, stages.parts, { signal, each: (object) => say(nameOf(object)) }),
  );
  const workloads = stages.parts.filter(isRolledOut);
  await Promise.all(
    workloads.map((object) =>
      run(object.metadata?.name ?? "", (say) =>
        waitForRollout(client, object, { signal, timeoutSeconds, say }),
      ),
    ),
  );
  await prune(client, before, wanted);
  const installed: Installation = { ...installation, state: "Installed", objects: wanted };
  await writeInstallation(client, installed);
  return installed;
}

function union(before: readonly ObjectRecord[], wanted: readonly ObjectRecord[]): ObjectRecord[] {
  const known = new Set(before.map(identityOf));
  return [...before, ...wanted.filter((record) => !known.has(identityOf(record)))];
}

/** Removes what an earlier version or other values had; definitions stay, for objects hang on them. */
async function prune(
  client: Client,
  before: readonly ObjectRecord[],
  wanted: readonly ObjectRecord[],
): Promise<void> {
  const kept = new Set(wanted.map(identityOf));
  const gone = before.filter(
    (record) =>
      !kept.has(identityOf(record)) && !["CustomResourceDefinition", "Namespace"].includes(record.kind),
  );
  for (const record of gone.reverse()) await deleteObject(client, objectOf(record));
}
