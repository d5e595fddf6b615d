import type { KubeObject } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { Values } from "../values.ts";
import { checkPush } from "./push.ts";
import { checkRights } from "./rights.ts";
import { checkSeams } from "./seams.ts";
import { checkTaken } from "./taken.ts";

export interface PreflightOptions {
  client: Client;
  id: string;
  values: Values;
  credentials: string;
  objects: readonly KubeObject[];
  /** False: images are in the registry already, and nothing is pushed. */
  push: boolean;
}

/** All that can be known to fail, before anything is changed. The cluster's version is looked at before this. */
export async function preflight({
  client,
  id,
  values,
  credentials,
  objects,
  push,
}: PreflightOptions): Promise<void> {
  await checkRights(client, objects);
  await checkTaken(client, objects, id);
  await checkSeams(client, values);
  if (push) await checkPush(values.registry, credentials);
}
