import { Nodes } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { Values } from "./values.ts";

/** Writes logs in a form and at a place of its own, which the Container Runtime Interface does not know. */
const DOCKER = /^docker:/;

/** Sentences on nodes whose logs the collector cannot read. Who may not look is told nothing. */
export async function unreadLogs(client: Client, { logs }: Values): Promise<string[]> {
  if (logs.provider === "none") return [];
  try {
    const { items } = await client.list(Nodes);
    const names = items
      .filter(({ status }) => DOCKER.test(status?.nodeInfo?.containerRuntimeVersion ?? ""))
      .map(({ metadata }) => metadata.name);
    if (names.length === 0) return [];
    return [`Logs of Pods are not kept on nodes whose runtime is Docker (${names.join(", ")})`];
  } catch (error) {
    if (isStatus(error, "Forbidden")) return [];
    throw error;
  }
}
