import { readFile } from "node:fs/promises";
import { isHostNetwork, type PodObject, specOf } from "../pod/pod.ts";
import { podHostname } from "./hostname.ts";

/** /etc/hosts of a Pod's containers; with hostNetwork the host's own and the aliases. */
export async function hostsFile(
  pod: PodObject,
  podIps: readonly string[],
  clusterDomain: string,
): Promise<string> {
  const aliases = hostAliases(pod);
  if (isHostNetwork(pod)) {
    const own = await readFile("/etc/hosts", "utf8");
    return `# Kubernetes-managed hosts file (host network).\n${own}${aliases}`;
  }
  const { hostname, domain } = podHostname(pod, clusterDomain);
  const names = domain === "" ? hostname : `${hostname}.${domain}\t${hostname}`;
  return [
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
    ...podIps.map((address) => `${address}\t${names}`),
    aliases,
  ].join("\n");
}

/** True when the container mounts something of its own there. */
export function mountsHosts(mounts: readonly { readonly mountPath: string }[] | undefined): boolean {
  return mounts?.some((mount) => mount.mountPath === "/etc/hosts") === true;
}

function hostAliases(pod: PodObject): string {
  const aliases = specOf(pod).hostAliases ?? [];
  if (aliases.length === 0) return "";
  const lines = aliases.map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join("\t")}`);
  return `\n# Entries added by HostAliases.\n${lines.join("\n")}\n`;
}
