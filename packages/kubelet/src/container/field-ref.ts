import { bytes, cpuMillis } from "@jdos/apimachinery";
import { KubeletError } from "../errors.ts";
import { allContainersOf, type ContainerSpec, namespaceOf, type PodObject, specOf } from "../pod/pod.ts";

/** What a Pod can learn of its place: filled from the node and the sandbox. */
export interface PodPlace {
  readonly nodeName: string;
  readonly hostIps: readonly string[];
  readonly podIps: readonly string[];
  /** Stands in where a container has no limit. */
  readonly allocatable: {
    readonly cpuMillis: number;
    readonly memoryBytes: number;
    readonly storageBytes: number;
  };
}

/** The value of a fieldRef. Source: kubernetes.io, Downward API, available fields. */
export function fieldValue(pod: PodObject, fieldPath: string, place: PodPlace): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
  if (keyed !== null) return pod.metadata[keyed[1] as "labels" | "annotations"]?.[keyed[2]!] ?? "";
  switch (fieldPath) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return namespaceOf(pod);
    case "metadata.uid":
      return pod.metadata.uid;
    case "metadata.labels":
      return formatMap(pod.metadata.labels ?? {});
    case "metadata.annotations":
      return formatMap(pod.metadata.annotations ?? {});
    case "spec.nodeName":
      return specOf(pod).nodeName ?? place.nodeName;
    case "spec.serviceAccountName":
      return specOf(pod).serviceAccountName ?? "default";
    case "status.hostIP":
      return place.hostIps[0] ?? "";
    case "status.hostIPs":
      return place.hostIps.join(",");
    case "status.podIP":
      return place.podIps[0] ?? "";
    case "status.podIPs":
      return place.podIps.join(",");
  }
  throw new KubeletError("CreateContainerConfigError", `Unsupported fieldPath: "${fieldPath}"`, {
    hint: "Use a field of the downward API, such as metadata.name or status.podIP",
  });
}

/** The keys sorted, the values quoted: one line each. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join("\n");
}

export interface ResourceFieldSelector {
  readonly containerName?: string;
  readonly resource: string;
  readonly divisor?: string | number;
}

/** The value of a resourceFieldRef: the amount divided by the divisor, rounded up. */
export function resourceValue(
  pod: PodObject,
  own: ContainerSpec | undefined,
  selector: ResourceFieldSelector,
  place: PodPlace,
): string {
  const { containerName } = selector;
  const container =
    containerName === undefined || containerName === ""
      ? own
      : allContainersOf(pod).find((item) => item.name === containerName);
  const [list, name] = split(selector.resource);
  if (container === undefined || name === undefined || (list !== "limits" && list !== "requests")) {
    throw new KubeletError(
      "CreateContainerConfigError",
      `Unsupported resourceFieldRef: "${selector.resource}"`,
      {
        hint: "Name a container of the Pod, and requests or limits of cpu, memory or ephemeral-storage",
      },
    );
  }
  const text = container.resources?.[list]?.[name];
  const divisor = String(selector.divisor ?? "0") === "0" ? "1" : String(selector.divisor);
  if (name === "cpu") {
    const millis = text === undefined ? fallback(list, place.allocatable.cpuMillis) : cpuMillis(text);
    return String(Math.ceil(millis / Math.max(1, cpuMillis(divisor))));
  }
  const whole = name === "memory" ? place.allocatable.memoryBytes : place.allocatable.storageBytes;
  const amount = text === undefined ? fallback(list, whole) : bytes(text);
  return String(Math.ceil(amount / Math.max(1, bytes(divisor))));
}

function fallback(list: string, allocatable: number): number {
  return list === "limits" ? allocatable : 0;
}

function split(resource: string): [string, string | undefined] {
  const dot = resource.indexOf(".");
  return dot < 0 ? [resource, undefined] : [resource.slice(0, dot), resource.slice(dot + 1)];
}
