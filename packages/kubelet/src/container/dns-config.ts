import { readFile } from "node:fs/promises";
import type { DnsConfig } from "../cri/types.ts";
import { isHostNetwork, namespaceOf, type PodObject, specOf } from "../pod/pod.ts";

export interface ClusterDns {
  /** Addresses of the cluster's DNS; empty: Pods get the host's. */
  readonly addresses: readonly string[];
  readonly domain: string;
  /** The host's resolv.conf. */
  readonly hostFile: string;
}

/** resolv.conf of a Pod by its dnsPolicy and dnsConfig. Source: kubernetes.io, DNS for Services and Pods. */
export async function podDnsConfig(pod: PodObject, cluster: ClusterDns): Promise<DnsConfig> {
  const spec = specOf(pod);
  const config = await policyConfig(pod, cluster);
  for (const server of spec.dnsConfig?.nameservers ?? [])
    if (!config.servers.includes(server)) config.servers.push(server);
  for (const domain of spec.dnsConfig?.searches ?? [])
    if (!config.searches.includes(domain)) config.searches.push(domain);
  const options = new Map(config.options.map((option) => [option.split(":")[0]!, option]));
  for (const { name, value } of spec.dnsConfig?.options ?? []) {
    if (name !== undefined)
      options.set(name, value === undefined || value === "" ? name : `${name}:${value}`);
  }
  return { ...config, options: [...options.values()] };
}

async function policyConfig(pod: PodObject, cluster: ClusterDns): Promise<DnsConfig> {
  const policy = specOf(pod).dnsPolicy ?? "ClusterFirst";
  if (policy === "None") return { servers: [], searches: [], options: [] };
  const host = parseResolvConf(await readFile(cluster.hostFile, "utf8").catch(() => ""));
  const usesCluster =
    policy === "ClusterFirstWithHostNet" || (policy === "ClusterFirst" && !isHostNetwork(pod));
  if (!usesCluster || cluster.addresses.length === 0) return host;
  const { domain } = cluster;
  const own = [`${namespaceOf(pod)}.svc.${domain}`, `svc.${domain}`, domain];
  return {
    servers: [...cluster.addresses],
    searches: [...own, ...host.searches.filter((search) => !own.includes(search))],
    options: ["ndots:5"],
  };
}

export function parseResolvConf(text: string): DnsConfig {
  const config: DnsConfig = { servers: [], searches: [], options: [] };
  for (const line of text.split("\n")) {
    const [word, ...values] = line.split(/[#;]/)[0]!.trim().split(/\s+/);
    if (word === "nameserver") config.servers.push(...values.slice(0, 1));
    if (word === "search" || word === "domain") config.searches = values.filter((value) => value !== ".");
    if (word === "options") config.options.push(...values);
  }
  return config;
}
