import type { Node, Pod, Service } from "@jdos/api";
import { type DeepReadonly, notFound, StatusError } from "@jdos/apimachinery";
import { type Call, type Core, keyOfCall } from "../../registry/call.ts";

/** Where a request is passed on to. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** Spoken with the server's own client certificate (kubelets), by anyone's (https), or not at all. */
  readonly scheme: "kubelet" | "https" | "http";
}

/** The Pod of a call. */
export function podOf(core: Core, call: Call): DeepReadonly<Pod> {
  const pod = core.store.get(keyOfCall(call));
  if (pod === undefined) throw notFound(call.endpoint.type, call.name);
  return pod as unknown as DeepReadonly<Pod>;
}

/** @throws StatusError when the Pod is on no node, or the node cannot be reached */
export function kubeletOf(core: Core, pod: DeepReadonly<Pod>): Target {
  const name = pod.spec?.nodeName ?? "";
  if (name === "")
    throw new StatusError("BadRequest", `pod ${pod.metadata?.name} does not have a host assigned`);
  return kubeletOfNode(core, name);
}

export function kubeletOfNode(core: Core, name: string): Target {
  const node = core.store.get({ resource: "nodes", namespace: "", name }) as unknown as
    | DeepReadonly<Node>
    | undefined;
  if (node === undefined) throw notFound({ group: "", resource: "nodes" }, name);
  const address =
    node.status?.addresses?.find(({ type }) => type === "InternalIP") ?? node.status?.addresses?.[0];
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  if (address === undefined || port === undefined) {
    throw new StatusError("ServiceUnavailable", `node "${name}" has not said yet where its kubelet listens`);
  }
  return { host: address.address, port, scheme: "kubelet" };
}

/**
 * The container of a Pod that is meant: the one named, or the only one.
 * @throws StatusError BadRequest with the names to choose from
 */
export function containerOf(pod: DeepReadonly<Pod>, asked: string | null): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const name = pod.metadata?.name;
  if (asked !== null && asked !== "") {
    const all = [...containers, ...initContainers, ...ephemeralContainers];
    if (all.some((container) => container.name === asked)) return asked;
    throw new StatusError("BadRequest", `container ${asked} is not valid for pod ${name}`);
  }
  if (containers.length === 1 && initContainers.length === 0) return containers[0]!.name;
  const names = containers.map((container) => container.name).join(" ");
  const inits =
    initContainers.length === 0
      ? ""
      : ` or one of the init containers: [${initContainers.map((container) => container.name).join(" ")}]`;
  throw new StatusError(
    "BadRequest",
    `a container name must be specified for pod ${name}, choose one of: [${names}]${inits}`,
  );
}

/** "[scheme:]name[:port]", as the proxy subresources take it. */
export function splitProxyName(text: string): { scheme: string; name: string; port: string } {
  const parts = text.split(":");
  if (parts.length === 1) return { scheme: "", name: parts[0]!, port: "" };
  if (parts.length === 2) return { scheme: "", name: parts[0]!, port: parts[1]! };
  if (parts.length === 3) return { scheme: parts[0]!, name: parts[1]!, port: parts[2]! };
  throw new StatusError("BadRequest", `invalid proxy name "${text}": [scheme:]name[:port] is expected`);
}

/** pods/proxy: the Pod's address and port. */
export function podTarget(core: Core, call: Call): Target {
  const { scheme, name, port } = splitProxyName(call.name);
  const pod = podOf(core, { ...call, name });
  const host = pod.status?.podIP ?? "";
  if (host === "") throw new StatusError("ServiceUnavailable", `pod "${name}" has no address`);
  const number =
    Number(port) || pod.spec?.containers?.flatMap(({ ports = [] }) => ports)[0]?.containerPort || 80;
  return { host, port: number, scheme: scheme === "https" ? "https" : "http" };
}

interface Slice {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
}

/** services/proxy: a ready endpoint of the Service, taken at random. */
export function serviceTarget(core: Core, call: Call): Target {
  const { scheme, name, port } = splitProxyName(call.name);
  const service = core.store.get(keyOfCall({ ...call, name })) as unknown as
    | DeepReadonly<Service>
    | undefined;
  if (service === undefined) throw notFound(call.endpoint.type, name);
  const ports = service.spec?.ports ?? [];
  const chosen =
    port === "" && ports.length === 1
      ? ports[0]
      : ports.find((each) => each.name === port || String(each.port) === port);
  if (chosen === undefined)
    throw new StatusError("ServiceUnavailable", `no service port "${port}" found for service "${name}"`);
  const found: Target[] = [];
  for (const object of core.store.table("endpointslices.discovery.k8s.io").values(call.namespace)) {
    const slice = object as unknown as Slice;
    if (slice.metadata.labels?.["kubernetes.io/service-name"] !== name) continue;
    const number = slice.ports?.find((each) => (each.name ?? "") === (chosen.name ?? ""))?.port;
    for (const { addresses, conditions } of slice.endpoints ?? []) {
      if (conditions?.ready === false || number === undefined || addresses[0] === undefined) continue;
      found.push({
        host: addresses[0],
        port: number,
        scheme: scheme === "https" || (scheme === "" && chosen.port === 443) ? "https" : "http",
      });
    }
  }
  const target = found[Math.floor(Math.random() * found.length)];
  if (target === undefined)
    throw new StatusError("ServiceUnavailable", `no endpoints available for service "${name}"`);
  return target;
}
