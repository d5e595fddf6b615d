import type { Service, ServicePort } from "@jdos/api";

type Spec = NonNullable<Service["spec"]>;

function hasClusterAddress(spec: Spec): boolean {
  return spec.type !== "ExternalName";
}

function hasNodePorts(spec: Spec): boolean {
  return (
    spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false)
  );
}

/** What was given out stays where a client leaves it out, and goes where the new type has no use for it. */
export function keepAllocated(service: Service, old: Service): void {
  const { spec } = service;
  const before = old.spec;
  if (spec === undefined || before === undefined) return;
  if (hasClusterAddress(spec) && hasClusterAddress(before) && !spec.clusterIP) {
    if (before.clusterIP !== undefined) spec.clusterIP = before.clusterIP;
    if (before.clusterIPs !== undefined) spec.clusterIPs = [...before.clusterIPs];
  }
  if (hasNodePorts(spec) && hasNodePorts(before)) keepNodePorts(spec.ports ?? [], before.ports ?? []);
  dropUseless(spec, before);
}

function keepNodePorts(ports: ServicePort[], before: readonly ServicePort[]): void {
  const taken = new Set(ports.map((port) => port.nodePort).filter((port) => port !== undefined));
  for (const port of ports) {
    if (port.nodePort) continue;
    const same = before.find((one) => one.port === port.port && one.protocol === port.protocol);
    if (!same?.nodePort || taken.has(same.nodePort)) continue;
    port.nodePort = same.nodePort;
    taken.add(same.nodePort);
  }
}

/** Only what did not change by the client's hand is dropped: a value it sets for a wrong type is refused. */
function dropUseless(spec: Spec, before: Spec): void {
  if (!hasClusterAddress(spec) && hasClusterAddress(before) && spec.clusterIP === before.clusterIP) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
    delete spec.ipFamilies;
    delete spec.ipFamilyPolicy;
    delete spec.internalTrafficPolicy;
  }
  if (hasNodePorts(before) && !hasNodePorts(spec)) {
    for (const port of spec.ports ?? []) {
      if ((before.ports ?? []).some((one) => one.nodePort === port.nodePort)) delete port.nodePort;
    }
  }
  const external = spec.type === "NodePort" || spec.type === "LoadBalancer";
  if (!external && (spec.externalIPs ?? []).length === 0) delete spec.externalTrafficPolicy;
  if (spec.type !== "LoadBalancer") {
    delete spec.allocateLoadBalancerNodePorts;
    delete spec.healthCheckNodePort;
    if (spec.loadBalancerClass === before.loadBalancerClass) delete spec.loadBalancerClass;
  }
}
