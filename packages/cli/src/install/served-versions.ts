import { type KubeObject, parseApiVersion } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";

/** Groups whose manifests are written in the newest version and applied in the one the cluster serves. */
const CHOSEN: Readonly<Record<string, readonly string[]>> = { policy: ["v1", "v1beta1"] };

/** The objects in versions that the cluster serves. */
export async function asServed(client: Client, objects: readonly KubeObject[]): Promise<KubeObject[]> {
  const served = await servedVersions(client);
  return objects.map((object) => {
    const { group } = parseApiVersion(object.apiVersion ?? "");
    const version = CHOSEN[group]?.find((each) => served.get(group)?.includes(each));
    return version === undefined ? object : { ...object, apiVersion: `${group}/${version}` };
  });
}

interface GroupList {
  groups?: { name: string; versions: { version: string }[] }[];
}

export async function servedVersions(client: Client): Promise<Map<string, string[]>> {
  const { groups = [] } = await readJson<GroupList>(client, "/apis");
  return new Map(groups.map(({ name, versions }) => [name, versions.map(({ version }) => version)]));
}

export async function readJson<T>(client: Client, path: string): Promise<T> {
  const { body } = await client.raw({ path });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as T;
}
