import { DaemonSets, Nodes } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { type Client, readJson } from "@jdos/client";
import type { Values } from "./values.ts";

/** Node agents of networks that enforce NetworkPolicies, by the names that their own manifests give them. */
const ENFORCERS =
  /^(calico-node|canal|cilium|antrea-agent|weave-net|kube-router|ovnkube-node|ovs-ovn|azure-npm|romana-agent|kube-ovn-cni|anetd|network-policy-agent)$/;
/** With so many processes one Pod takes no node with it. */
const MOST_NODES = 3;

/**
 * What bounds a build is partly the cluster's own: sentences on what of it is missing, or cannot be told. Who may not look
 * is told nothing.
 */
export async function missingBuildBounds(client: Client, { builds }: Values): Promise<string[]> {
  try {
    const [network, processes] = await Promise.all([networkNotice(client), processNotice(client)]);
    return [...(builds.confined ? network : []), ...processes];
  } catch (error) {
    if (isStatus(error, "Forbidden", "NotFound")) return [];
    throw error;
  }
}

async function networkNotice(client: Client): Promise<string[]> {
  const { items } = await client.list(DaemonSets);
  if (items.some(({ metadata }) => ENFORCERS.test(metadata.name))) return [];
  return [
    "Builds may reach what any Pod does: no network that is known to enforce NetworkPolicies was found, and without one those of builds are kept but not kept to",
  ];
}

/** What the kubelets were told; one that does not say is taken at its word. Source: kubelet's /configz. */
async function processNotice(client: Client): Promise<string[]> {
  const { items } = await client.list(Nodes);
  const open: string[] = [];
  for (const { metadata } of items.slice(0, MOST_NODES))
    if ((await podPidsLimit(client, metadata.name)) === -1) open.push(metadata.name);
  if (open.length === 0) return [];
  return [
    `A build may start processes until its node has no more: kubelets have no podPidsLimit (${open.join(", ")})`,
  ];
}

async function podPidsLimit(client: Client, node: string): Promise<number | undefined> {
  try {
    const { kubeletconfig } = await readJson<{ kubeletconfig?: { podPidsLimit?: number } }>(client, {
      method: "GET",
      path: `/api/v1/nodes/${node}/proxy/configz`,
    });
    return kubeletconfig === undefined ? undefined : (kubeletconfig.podPidsLimit ?? -1);
  } catch (error) {
    // A node that is away, or a kubelet that shows nothing.
    if (isStatus(error)) return undefined;
    throw error;
  }
}
