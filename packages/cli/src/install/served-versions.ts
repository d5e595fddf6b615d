import { type KubeObject, parseApiVersion } from "@jdos/apimachinery";
import { type Client, readJson } from "@jdos/client";

/** Groups whose objects say the same in their older version. */
const SAME: Readonly<Record<string, readonly string[]>> = { policy: ["v1", "v1beta1"] };

interface GroupList {
  groups?: { name: string; versions: { version: string }[] }[];
}

/** The objects in versions that kubectl can bring to this cluster; the client finds them by itself. */
export async function asServed(client: Client, objects: readonly KubeObject[]): Promise<KubeObject[]> {
  const { groups = [] } = await readJson<GroupList>(client, { path: "/apis" });
  return objects.map((object) => {
    const { group } = parseApiVersion(object.apiVersion ?? "");
    const served = groups.find(({ name }) => name === group)?.versions.map(({ version }) => version);
    const version = SAME[group]?.find((each) => served?.includes(each));
    return version === undefined ? object : { ...object, apiVersion: `${group}/${version}` };
  });
}
