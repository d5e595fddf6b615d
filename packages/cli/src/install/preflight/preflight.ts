import type { KubeObject } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { AccessFiles } from "@jdos/component-base/access-files";
import { findHarbor } from "../harbor.ts";
import type { Values } from "../values.ts";
import { checkLogs } from "./logs.ts";
import { checkMetrics } from "./metrics.ts";
import { checkPush } from "./push.ts";
import { checkRights } from "./rights.ts";
import { checkSeams } from "./seams.ts";
import { checkTaken } from "./taken.ts";

export interface PreflightOptions {
  client: Client;
  id: string;
  values: Values;
  credentials: string;
  metricsAccess: AccessFiles;
  clickhouseAccess: AccessFiles;
  objects: readonly KubeObject[];
  /** False: images are in the registry already, and nothing is pushed. */
  push: boolean;
}

/**
 * All that can be known to fail, before anything is changed. The cluster's version is looked at before this. Answers sentences
 * on what could not be known.
 */
export async function preflight({
  client,
  id,
  values,
  credentials,
  metricsAccess,
  clickhouseAccess,
  objects,
  push,
}: PreflightOptions): Promise<string[]> {
  await checkRights(client, objects);
  await checkTaken(client, objects, id);
  await checkSeams(client, values);
  const notices = [
    await checkMetrics(client, values.metrics, metricsAccess),
    await checkLogs(client, values.logs, clickhouseAccess),
  ];
  const harbor = await findHarbor(values.registry, credentials);
  // Its project is made with the images.
  if (push && harbor?.hasProject !== false) await checkPush(values.registry, credentials);
  return notices.filter((notice) => notice !== undefined);
}
