import { namespaceOf, type PodObject, specOf } from "../pod/pod.ts";

const MAX_HOSTNAME = 63;

/** The Pod's host name, cut to what the kernel takes, and its domain ("" without a subdomain). */
export function podHostname(pod: PodObject, clusterDomain: string): { hostname: string; domain: string } {
  const { hostname = "", subdomain = "", setHostnameAsFQDN } = specOf(pod);
  const name = (hostname === "" ? pod.metadata.name : hostname).slice(0, MAX_HOSTNAME).replace(/[-.]+$/, "");
  const domain = subdomain === "" ? "" : `${subdomain}.${namespaceOf(pod)}.svc.${clusterDomain}`;
  return { hostname: setHostnameAsFQDN === true && domain !== "" ? `${name}.${domain}` : name, domain };
}
