import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import { parseApiVersion } from "@jdos/apimachinery";
import { type Client, type RawRequest, readJson } from "@jdos/client";

/** A resource the server has, with what may be done to it. */
export interface DiscoveredResource extends ResourceType<KubeObject> {
  readonly verbs: readonly string[];
}

interface ResourceList {
  resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
}

interface GroupList {
  groups: { name: string; preferredVersion: { groupVersion: string } }[];
}

/**
 * Every resource of the server, each in its group's preferred version, without subresources. A group that does not
 * answer fails the call: a list with holes would let things be left behind.
 */
export async function discoverResources(client: Client, signal?: AbortSignal): Promise<DiscoveredResource[]> {
  const groups = await readJson<GroupList>(client, at("/apis", signal));
  const versions = ["v1", ...groups.groups.map((group) => group.preferredVersion.groupVersion)];
  const lists = await Promise.all(versions.map((version) => resourcesOf(client, version, signal)));
  return lists.flat();
}

async function resourcesOf(
  client: Client,
  apiVersion: string,
  signal?: AbortSignal,
): Promise<DiscoveredResource[]> {
  const { group, version } = parseApiVersion(apiVersion);
  const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const list = await readJson<ResourceList>(client, at(path, signal));
  return list.resources
    .filter(({ name }) => !name.includes("/"))
    .map(({ name, kind, namespaced, verbs }) => ({
      group,
      version,
      resource: name,
      kind,
      namespaced,
      verbs,
    }));
}

function at(path: string, signal: AbortSignal | undefined): RawRequest {
  return { path, ...(signal === undefined ? {} : { signal }) };
}
