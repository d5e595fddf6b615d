import type { SandboxConfig } from "../cri/types.ts";
import { allContainersOf, isHostNetwork, namespaceOf, type PodObject, specOf } from "../pod/pod.ts";
import { podLabels } from "../runtime/labels.ts";
import { type ClusterDns, podDnsConfig } from "./dns-config.ts";
import { podHostname } from "./hostname.ts";
import { namespaceOptions, seccompOf, supplementalGroups } from "./security-context.ts";

export interface SandboxPlace {
  readonly dns: ClusterDns;
  readonly logDirectory: string;
  readonly cgroup: string;
  readonly seccompRoot: string;
}

/** What the runtime needs to make the Pod's sandbox; containers are created with the same. */
export async function sandboxConfig(
  pod: PodObject,
  attempt: number,
  place: SandboxPlace,
): Promise<SandboxConfig> {
  const shared = specOf(pod).securityContext ?? {};
  const hostNetwork = isHostNetwork(pod);
  const sysctls = Object.fromEntries((shared.sysctls ?? []).map(({ name, value }) => [name, value]));
  return {
    metadata: { name: pod.metadata.name, uid: pod.metadata.uid, namespace: namespaceOf(pod), attempt },
    ...(hostNetwork ? {} : { hostname: podHostname(pod, place.dns.domain).hostname }),
    logDirectory: place.logDirectory,
    dnsConfig: await podDnsConfig(pod, place.dns),
    portMappings: hostNetwork ? [] : portMappings(pod),
    labels: podLabels(pod),
    annotations: { ...pod.metadata.annotations },
    linux: {
      cgroupParent: place.cgroup,
      sysctls,
      securityContext: {
        namespaceOptions: namespaceOptions(pod),
        privileged: allContainersOf(pod).some((container) => container.securityContext?.privileged === true),
        seccomp: seccompOf(shared.seccompProfile, place.seccompRoot),
        supplementalGroups: supplementalGroups(pod),
        ...(shared.runAsUser === undefined ? {} : { runAsUser: { value: shared.runAsUser } }),
        ...(shared.runAsUser === undefined || shared.runAsGroup === undefined
          ? {}
          : { runAsGroup: { value: shared.runAsGroup } }),
      },
    },
  };
}

function portMappings(pod: PodObject): NonNullable<SandboxConfig["portMappings"]> {
  return allContainersOf(pod).flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => port.hostPort !== undefined && port.hostPort > 0)
      .map((port) => ({
        protocol: (port.protocol ?? "TCP") as "TCP" | "UDP" | "SCTP",
        containerPort: port.containerPort,
        hostPort: port.hostPort!,
        hostIp: port.hostIP ?? "",
      })),
  );
}
