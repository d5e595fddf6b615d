import { parseApiVersion, type ResourceType } from "@jdos/apimachinery";
import { type Client, readJson } from "@jdos/client";

interface ResourceList {
  resources?: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
}
interface GroupList {
  groups?: { preferredVersion: { groupVersion: string } }[];
}

/** Their objects come and go by themselves, or have a spec that nobody may change. */
const LEFT_ALONE = new Set([
  "events",
  "pods",
  "replicasets",
  "endpoints",
  "endpointslices",
  "controllerrevisions",
  "leases",
]);

/** Every resource of the cluster that lies in namespaces and can be listed and patched. */
export async function namespacedTypes(client: Client): Promise<ResourceType[]> {
  const { groups = [] } = await readJson<GroupList>(client, { path: "/apis" });
  const versions = ["v1", ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  const lists = await Promise.all(versions.map((version) => typesOf(client, version)));
  return lists.flat();
}

async function typesOf(client: Client, apiVersion: string): Promise<ResourceType[]> {
  const { group, version } = parseApiVersion(apiVersion);
  // A group served by an API of somebody else's that is away is not in the way.
  const { resources = [] } = await readJson<ResourceList>(client, {
    path: group === "" ? "/api/v1" : `/apis/${apiVersion}`,
  }).catch((): ResourceList => ({}));
  return resources
    .filter(
      ({ name, namespaced, verbs }) =>
        namespaced &&
        !name.includes("/") &&
        verbs.includes("list") &&
        verbs.includes("patch") &&
        !LEFT_ALONE.has(name),
    )
    .map(({ name, kind }) => ({ group, version, resource: name, kind, namespaced: true }));
}
